/**
 * Keeps the table of calls between services up with the spans that arrive: a task of Lens that looks every few seconds at what the store has that was
 * not looked at, and is asked to hurry by whoever wants dependencies. Several Lens on one store do the same work at worst, never other work.
 */

import type { Logger } from 'pino'
import type { Store } from '../store/store.ts'
import {
  compactCalls,
  countCalls,
  countedSeconds,
  fingerprint,
  latestCounted,
  type SecondsOfArrival,
  storedSeconds,
} from './count-calls.ts'

/** Spans that one statement looks at: half a second of work. */
const spansAtOnce = 250_000
/** Milliseconds between looks, while spans arrive and while none do. */
const [busyPause, idlePause] = [2_000, 15_000]
/** Times as long as a batch took, nothing is done afterwards while nobody waits: inserts and other questions have the processors then. */
const restShare = 2
/** Milliseconds that a question waits in any case; longer only where there is little to count, and nothing else to do. */
const moment = 250
/** Milliseconds that counting gives way to ingest. It costs as much as storing the spans did. */
const mostLag = 300_000
/** Seconds that a span may become visible later than the time of arrival that it bears: inserts are repeated for so long, clocks are corrected. */
const [latecomers, unlikelyLatecomers] = [20, 600]

export class CallCounter {
  readonly #store: Pick<Store, 'engine' | 'schema' | 'ready'>
  readonly #log: Logger
  readonly #isBusy: () => boolean
  #timer: NodeJS.Timeout | undefined
  #closed = false
  /** Of the store when all that it had was counted. */
  #clean: string | undefined
  #latest: number | undefined
  #running: Promise<void> = Promise.resolve()
  #queued: Promise<void> | undefined
  #waiting = 0
  /** Resolved when somebody waits. */
  #hurry = Promise.withResolvers<void>()
  #scattered = false
  /** Spans to look at, when that was last known. */
  #backlog = 0
  readonly #began = Date.now()
  #countedUntil: number | undefined

  /** `isBusy` says whether ingest needs the processors. */
  constructor(
    store: Pick<Store, 'engine' | 'schema' | 'ready'>,
    log: Logger,
    isBusy: () => boolean = () => false,
  ) {
    this.#store = store
    this.#log = log
    this.#isBusy = isBusy
  }

  /** Unix milliseconds: calls of what was stored before are counted. Undefined until that was seen once. */
  get countedUntil(): number | undefined {
    return this.#countedUntil
  }

  /** Looks from now on. */
  start(): void {
    this.#later(busyPause)
  }

  /**
   * Resolves with true when every span stored before the call is counted. Resolves with false when that takes longer than `patience` milliseconds, or
   * is sure to take long, as while ingest needs the processors, or fails, as on a full disk: what was counted before can be read.
   */
  async catchUp(patience = 5_000): Promise<boolean> {
    this.#waiting++
    this.#hurry.resolve()
    try {
      const done = this.#next().then(
        () => true,
        (error: unknown) => {
          this.#log.warn({ err: error }, 'calls between services could not be counted')
          return false
        },
      )
      for (let waited = 0; waited < patience; waited += moment) {
        if (waited > 0 && (this.#backlog > spansAtOnce || this.#isBusy())) return false
        const soon = await within(Math.min(patience - waited, moment), done)
        if (soon !== undefined) return soon
      }
      return false
    } finally {
      this.#waiting--
      this.#hurry = Promise.withResolvers<void>()
    }
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#hurry.resolve()
    clearTimeout(this.#timer)
    await Promise.allSettled([this.#running, this.#queued])
  }

  /** A look that begins after this call: one that is under way may have missed what the caller knows of. */
  #next(): Promise<void> {
    this.#queued ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#queued = undefined
        this.#running = this.#look()
        return this.#running
      })
    return this.#queued
  }

  #later(pause: number): void {
    this.#timer = setTimeout(async () => {
      if (this.#givesWay) {
        // Surely much, and not worth a look to know how much.
        this.#backlog = Number.POSITIVE_INFINITY
        this.#later(busyPause)
        return
      }
      const before = this.#clean
      try {
        await this.#next()
        if (before === this.#clean && this.#scattered) {
          this.#scattered = false
          await compactCalls(this.#store)
        }
      } catch (error) {
        // The store restarts, or is full: what was not counted is found again.
        this.#log.warn({ err: error }, 'calls between services could not be counted; trying again')
        await this.#store.ready().catch(() => {})
      }
      if (!this.#closed) this.#later(before === this.#clean ? idlePause : busyPause)
    }, pause).unref()
  }

  /** While ingest needs the processors, though not for ever, and not while somebody waits. */
  get #givesWay(): boolean {
    const isOverdue = Date.now() - (this.#countedUntil ?? this.#began) > mostLag
    return !this.#closed && this.#waiting === 0 && !isOverdue && this.#isBusy()
  }

  async #look(): Promise<void> {
    const { engine } = this.#store
    const now = Date.now()
    const print = await fingerprint(engine)
    if (print !== this.#clean && !(await this.#count(print))) return
    this.#countedUntil = now
  }

  /** All that was not counted when the store had this fingerprint; false when it was stopped. */
  async #count(print: string): Promise<boolean> {
    const { engine } = this.#store
    // Until all was looked at once, what was counted before may have gaps.
    const first = this.#clean === undefined
    this.#latest ??= await latestCounted(engine)
    const trusted = Math.min(this.#latest, Math.floor(Date.now() / 1000))
    const since = Math.max(0, trusted - (first ? unlikelyLatecomers : latecomers))
    const [stored, counted] = await Promise.all([storedSeconds(engine, since), countedSeconds(engine, since)])
    const found = uncounted(stored, counted)
    this.#backlog = found.reduce((total, [, spans]) => total + spans, 0)
    for (const batch of batches(found)) {
      while (this.#givesWay) await within(busyPause, this.#hurry.promise)
      if (this.#closed) return false
      const began = performance.now()
      await countCalls(engine, batch)
      const took = performance.now() - began
      this.#scattered = true
      this.#backlog -= batch.values().reduce((total, spans) => total + spans, 0)
      this.#latest = Math.max(this.#latest, ...batch.keys())
      if (this.#backlog > 0 && this.#waiting === 0) await within(took * restShare, this.#hurry.promise)
    }
    this.#clean = print
    return true
  }
}

/** Undefined when it takes longer. */
async function within<Result>(ms: number, result: Promise<Result>): Promise<Result | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, Math.max(0, ms), undefined)
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Fewer spans than were counted is what retention leaves. */
function uncounted(stored: SecondsOfArrival, counted: SecondsOfArrival): [number, number][] {
  return [...stored].filter(([second, spans]) => spans > (counted.get(second) ?? 0))
}

function* batches(arrivals: readonly [number, number][]): Generator<SecondsOfArrival> {
  let batch = new Map<number, number>()
  let size = 0
  for (const [second, spans] of arrivals) {
    if (size > 0 && size + spans > spansAtOnce) {
      yield batch
      batch = new Map()
      size = 0
    }
    batch.set(second, spans)
    size += spans
  }
  if (size > 0) yield batch
}
