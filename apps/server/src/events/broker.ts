/** A message broker between the outbox and the handlers, in place of the database: `nats/` implements it. */
import type { EventEnvelope } from './envelope.ts'
import type { EventHandler } from './event-handler.ts'

export interface Broker {
  readonly system: 'nats'
  /**
   * Hands events over, those of one key in their order: after one that failed, none of its key. Resolves with the ids that the broker has
   * stored; a `failure` tells why there are not all. Does not reject.
   */
  publish(
    events: readonly EventEnvelope[],
  ): Promise<{ readonly published: readonly string[]; readonly failure?: unknown }>
  /** Begins to consume for it, now or when the broker is there. */
  subscribe(handler: EventHandler): void
  /** Messages that some handler of this process's list has not acknowledged. */
  pending(): Promise<number>
  /** Rejects when the broker is not there. */
  ping(): Promise<void>
  /** Takes no more messages, finishes those that are being handled, gives back the others. Publishing still works. */
  stopConsuming(): Promise<void>
  close(): Promise<void>
}
