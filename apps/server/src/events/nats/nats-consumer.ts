/**
 * Consumes for one handler. A message is acknowledged after the handler's transaction. What is not plain sailing is not left to the broker:
 * an event that failed, that came again, or whose predecessor failed, goes to the deliveries in the database, which retry in order and
 * survive restarts, and is acknowledged then.
 */
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import { isTenantId } from '../../db/scope.ts'
import { isUuid } from '../../domain/uuid.ts'
import type { EventEnvelope } from '../envelope.ts'
import type { EventHandler } from '../event-handler.ts'
import { untraced } from '../messaging-spans.ts'
import { ACK_WAIT_MS } from './stream.ts'

/** What the consumer needs from the rest of the platform. */
export interface ConsumerPorts {
  /** The first attempt. Resolves when the event is dealt with, in the database or by the handler; rejects when neither was possible. */
  receive(handler: EventHandler, event: EventEnvelope, redelivered: boolean): Promise<void>
  /** A message that is no event of ours; it is put aside. */
  refused(handler: EventHandler, reason: string): void
  /** The first of several failures in a row to consume, and their end. */
  stalled(handler: EventHandler, error: unknown): void
  resumed(handler: EventHandler): void
}

const BACKOFF_MS = { first: 250, most: 5_000 } as const

export class NatsConsumer {
  readonly name: string
  readonly #handler: EventHandler
  readonly #ports: ConsumerPorts
  readonly #ready: () => Promise<Consumer>
  readonly #running = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #messages: ConsumerMessages | undefined

  /** `ready` resolves when its consumer exists at the broker. */
  constructor(handler: EventHandler, ready: () => Promise<Consumer>, ports: ConsumerPorts) {
    this.name = handler.name
    this.#handler = handler
    this.#ports = ports
    this.#ready = ready
    void untraced(() => this.#consume())
  }

  /** Takes no more and finishes what it has begun. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#messages?.close()
    await Promise.all(this.#running)
  }

  async #consume(): Promise<void> {
    const { signal } = this.#stopping
    let failures = 0
    while (!signal.aborted) {
      try {
        const consumer = await this.#ready()
        // No more than can be handled are in this process, where they would wait while another one is idle.
        this.#messages = await consumer.consume({
          max_messages: this.#handler.concurrency,
          abort_on_missing_resource: true,
        })
        if (failures > 0) this.#ports.resumed(this.#handler)
        failures = 0
        for await (const message of this.#messages) this.#take(message)
      } catch (error) {
        if (signal.aborted) return
        if (failures === 0) this.#ports.stalled(this.#handler, error)
        const delay = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** failures)
        failures += 1
        await rest(delay, signal)
      }
    }
  }

  #take(message: JsMsg): void {
    if (this.#stopping.signal.aborted) {
      message.nak()
      return
    }
    const work = this.#handle(message).finally(() => this.#running.delete(work))
    this.#running.add(work)
  }

  async #handle(message: JsMsg): Promise<void> {
    const event = readEvent(message)
    if (event === undefined) {
      this.#ports.refused(this.#handler, `message ${message.seq} is not an event`)
      message.term()
      return
    }
    if (!this.#handler.types.includes(event.type)) {
      message.ack()
      return
    }
    const working = setInterval(() => message.working(), ACK_WAIT_MS / 3)
    try {
      await this.#ports.receive(this.#handler, event, message.info.deliveryCount > 1)
      message.ack()
    } catch {
      // The database is away. The broker keeps the message meanwhile.
      message.nak(Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** message.info.deliveryCount))
    } finally {
      clearInterval(working)
    }
  }
}

/** Whoever may publish to the stream may send anything; what passes here can be stored. */
function readEvent(message: JsMsg): EventEnvelope | undefined {
  try {
    const event = message.json<Partial<EventEnvelope> | null>()
    if (event === null || event.specversion !== '1.0') return undefined
    const { id, tenantid, data, type, source, subject, time, actorid } = event
    const texts = [type, source, subject, time, actorid ?? '']
    if (!texts.every((attribute) => typeof attribute === 'string')) return undefined
    if (typeof id !== 'string' || !isUuid(id) || typeof tenantid !== 'string' || !isTenantId(tenantid))
      return undefined
    return typeof data === 'object' && data !== null ? (event as EventEnvelope) : undefined
  } catch {
    return undefined
  }
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true })
  })
}
