/**
 * The event bus within this process: a queue for each handler, filled by `publish`, emptied in the background. What it loses when the
 * process dies (the events that are queued) is what the outbox is for.
 */
import type { EventDraft, EventEnvelope } from './envelope.ts'
import type { EventBus, EventHandler } from './event-bus.ts'
import { HandlerQueue } from './handler-queue.ts'
import { traceProcess, tracePublish } from './messaging-spans.ts'

export type Outcome = 'handled' | 'failed' | 'refused'

/** What became of each delivery, for the log and the metrics. Called inside the span it is about. */
export interface DeliveryObserver {
  delivered(event: EventEnvelope, handler: string, outcome: Outcome, error?: unknown): void
}

export class InProcessBus implements EventBus {
  readonly #observer: DeliveryObserver
  readonly #queues: { readonly handler: EventHandler; readonly queue: HandlerQueue }[] = []
  #closed = false

  constructor(observer: DeliveryObserver) {
    this.#observer = observer
  }

  subscribe(handler: EventHandler): void {
    if (this.#queues.some((entry) => entry.handler.name === handler.name)) {
      throw new Error(`an event handler named ${handler.name} is subscribed already`)
    }
    this.#queues.push({ handler, queue: new HandlerQueue((event) => this.#process(handler, event)) })
  }

  async publish(draft: EventDraft): Promise<void> {
    if (this.#closed) throw new Error(`the event bus is closed, ${draft.type} ${draft.id} was not published`)
    tracePublish(draft, (event) => {
      for (const { handler, queue } of this.#queues) {
        if (!handler.types.includes(event.type)) continue
        if (!queue.push(event)) this.#observer.delivered(event, handler.name, 'refused')
      }
    })
  }

  /** Resolves when every event accepted so far, and what their handlers published, is handled. */
  async settled(): Promise<void> {
    while (this.#left() > 0) await Promise.all(this.#queues.map(({ queue }) => queue.settled()))
  }

  async drain(timeoutMs: number): Promise<number> {
    const deadline = Promise.withResolvers<void>()
    const timer = setTimeout(deadline.resolve, timeoutMs)
    await Promise.race([this.settled(), deadline.promise])
    clearTimeout(timer)
    this.#closed = true
    return this.#left()
  }

  #left(): number {
    return this.#queues.reduce((left, { queue }) => left + queue.size, 0)
  }

  /** Never rejects: a handler that fails is its own loss, not that of the next event. */
  async #process(handler: EventHandler, event: EventEnvelope): Promise<void> {
    try {
      await traceProcess(event, handler.name, async () => {
        try {
          await handler.handle(event)
          this.#observer.delivered(event, handler.name, 'handled')
        } catch (error) {
          this.#observer.delivered(event, handler.name, 'failed', error)
          throw error
        }
      })
    } catch {
      // Reported to the observer and on the span.
    }
  }
}
