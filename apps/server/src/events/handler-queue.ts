/**
 * The events that wait for one handler: first in, first out, one at a time, off the publisher's stack. Each handler has its
 * own, so that a slow or failing one holds up nobody else. `InProcessBus` owns them.
 */
import type { EventEnvelope } from './envelope.ts'

/** At about 1 kB an envelope, 10 MB for a handler that hangs. Beyond it events are refused, and the bus says so. */
export const MAX_QUEUED = 10_000

export class HandlerQueue {
  readonly #process: (event: EventEnvelope) => Promise<void>
  readonly #waiting: EventEnvelope[] = []
  #handling = 0
  #idle: PromiseWithResolvers<void> | undefined

  /** `process` must not reject. */
  constructor(process: (event: EventEnvelope) => Promise<void>) {
    this.#process = process
  }

  /** Waiting and being handled. */
  get size(): number {
    return this.#waiting.length + this.#handling
  }

  /** False when the queue is full. */
  push(event: EventEnvelope): boolean {
    if (this.#waiting.length >= MAX_QUEUED) return false
    this.#waiting.push(event)
    if (this.#idle === undefined) {
      this.#idle = Promise.withResolvers()
      setImmediate(() => void this.#run())
    }
    return true
  }

  /** Resolves when nothing waits and nothing is being handled. */
  async settled(): Promise<void> {
    await this.#idle?.promise
  }

  async #run(): Promise<void> {
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      this.#handling = 1
      await this.#process(event)
      this.#handling = 0
    }
    this.#idle?.resolve()
    this.#idle = undefined
  }
}
