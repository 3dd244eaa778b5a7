/**
 * Work that goes on in the background until it is stopped: again at once while there is some, else when it is woken or its time has come.
 * It belongs to no request and leaves no spans of its own. The relay and the deliveries run in one each.
 */
import { untraced } from './messaging-spans.ts'

const BACKOFF_MS = { first: 100, most: 5_000 } as const

export interface LoopObserver {
  /** Of the first of several in a row. */
  failed(error: unknown): void
  /** After failures. */
  recovered(): void
}

export class Loop {
  readonly #work: () => Promise<number>
  readonly #observer: LoopObserver
  #running: Promise<void> | undefined
  #stopped = false
  #woken = false
  #sleep: PromiseWithResolvers<void> | undefined
  #failures = 0

  /** `work` resolves with the milliseconds until it should be asked again; 0 for at once. */
  constructor(work: () => Promise<number>, observer: LoopObserver) {
    this.#work = work
    this.#observer = observer
  }

  get failing(): boolean {
    return this.#failures > 0
  }

  start(): void {
    this.#running ??= untraced(() => this.#run())
  }

  /** Cuts a sleep short. While it fails, it keeps its distance. */
  wake(): void {
    this.#woken = true
    if (this.#failures === 0) this.#sleep?.resolve()
  }

  /** Resolves when the work that goes on is done; none begins after it. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#sleep?.resolve()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false
      let delay: number
      try {
        delay = await this.#work()
        if (this.#failures > 0) this.#observer.recovered()
        this.#failures = 0
      } catch (error) {
        if (this.#stopped) return
        if (this.#failures === 0) this.#observer.failed(error)
        const backoff = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** this.#failures)
        this.#failures += 1
        delay = backoff * (0.5 + Math.random() / 2)
      }
      if (delay > 0 && !this.#stopped && !(this.#woken && this.#failures === 0)) await this.#rest(delay)
    }
  }

  async #rest(delay: number): Promise<void> {
    this.#sleep = Promise.withResolvers()
    const timer = setTimeout(this.#sleep.resolve, delay)
    timer.unref()
    await this.#sleep.promise
    clearTimeout(timer)
    this.#sleep = undefined
  }
}
