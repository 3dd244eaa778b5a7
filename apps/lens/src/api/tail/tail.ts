/**
 * One client's live tail: what arrived since its last turn, as events, within its rate. A turn asks the store about whole seconds that have passed; a
 * second to which rows were added later (an insert that took long, another Lens on the same store) is asked about again.
 */

import type { TraceFilter } from '../../query/filter.ts'
import { summarizeTraces } from '../../query/summarize-traces.ts'
import { type Arrivals, arrivedSpans, arrivedTraces, countArrivals } from '../../query/tail/arrivals.ts'
import {
  QueryLimitError,
  type QueryOptions,
  type StoreEngine,
  StoreUnavailableError,
} from '../../store/engine.ts'
import { QueryQueueError } from '../../store/query-gate.ts'
import type { TailSkipped } from '../contract/tail.ts'
import type { StreamEvent } from './event-stream.ts'
import { tailSpan } from './tail-span.ts'

/** What a tail writes to: an EventStream. */
export interface TailStream {
  readonly stalledSince: number | undefined
  write(events: readonly StreamEvent[], id: number): void
  end(events?: readonly StreamEvent[]): void
  abort(): void
}

export interface TailOptions {
  readonly unit: 'traces' | 'spans'
  /** As of now: a tail goes on, and what is older than its lookback changes. */
  readonly filter: (nowMs: number) => TraceFilter
  /** Traces (or spans) a second. */
  readonly rate: number
  /** Unix seconds; the last one that the client knows. */
  readonly after: number
}

/** A second has passed for good when inserts that take a moment are in. */
const settleMs = 500
/** Seconds that are looked at again; an insert that the store takes longer for is refused. */
const lateSeconds = 15
/** What a client that comes back, or reads again, is told about; before that, nothing is counted. */
const longestGap = 300
/** After a pause, a client gets what it would have got in so many seconds. */
const burst = 3
const heartbeatMs = 15_000

/** A turn that takes longer keeps all others waiting. */
const limits = { seconds: 2, memoryBytes: 256 * 1024 * 1024, resultRows: 10_000 } as const

export class Tail {
  readonly #store: StoreEngine
  readonly #stream: TailStream
  readonly #options: TailOptions
  /** Told up to this second. */
  #after: number
  /** Seconds up to this one are looked at no more, whatever is added to them. */
  #settled: number
  #wroteAt = performance.now()
  #wasStalled = false
  /** The last turn's question took too much. Once it is asked again: the store may have been busy. */
  #tookTooMuch = false
  /** Of the last seconds: rows counted when they were shown. */
  readonly #counted = new Map<number, number>()
  /** Of the last seconds: spans that were sent, where all that matched were. */
  readonly #sent = new Map<number, ReadonlySet<string>>()

  constructor(store: StoreEngine, stream: TailStream, options: TailOptions) {
    this.#store = store
    this.#stream = stream
    this.#options = options
    this.#after = options.after
    this.#settled = options.after
  }

  get stream(): TailStream {
    return this.#stream
  }

  /** Asks nothing while the client does not read. Failures of the store are told to the client, who waits for the next turn. */
  async turn(nowMs: number, signal: AbortSignal): Promise<void> {
    if (this.#stream.stalledSince !== undefined) {
      this.#wasStalled = true
      return
    }
    const last = Math.floor((nowMs - settleMs) / 1000) - 1
    if (last <= this.#after) return this.#heartbeat()
    try {
      const events = await this.#eventsUntil(last, nowMs, { signal, limits })
      this.#after = last
      this.#wasStalled = false
      this.#tookTooMuch = false
      if (events.length > 0) this.#write(events)
      else this.#heartbeat()
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof QueryLimitError) {
        this.#tookTooMuch = !this.#tookTooMuch
        if (this.#tookTooMuch) return this.#heartbeat()
        this.#moveTo(last)
        this.#write([skipped({ spans: null, reason: 'limit' })])
      } else if (error instanceof StoreUnavailableError || error instanceof QueryQueueError) {
        // What arrived meanwhile is asked about in a later turn.
        this.#heartbeat()
      } else {
        throw error
      }
    }
  }

  async #eventsUntil(last: number, nowMs: number, options: QueryOptions): Promise<StreamEvent[]> {
    const events: StreamEvent[] = []
    if (last - this.#after > longestGap) {
      this.#moveTo(last - longestGap)
      events.push(skipped({ spans: null, reason: 'gap' }))
    }
    const filter = this.#options.filter(nowMs)
    const first = Math.min(this.#after + 1, last - lateSeconds + 1)
    const counts = await countArrivals(this.#store, filter, { first, last }, options)
    const { ask, late } = this.#changed(counts)
    let missed = late
    if (ask.length > 0) {
      const { found, arrivals } = await this.#ask(filter, ask, options)
      events.push(...found)
      missed += arrivals.total - arrivals.shown
      this.#remember(ask, counts, arrivals.total === arrivals.shown)
    }
    this.#forget(last)
    if (missed > 0) events.push(skipped({ spans: missed, reason: this.#wasStalled ? 'reader' : 'rate' }))
    return events
  }

  /** Seconds with news; `late` counts what was added to seconds of which a part had been left out already. */
  #changed(counts: ReadonlyMap<number, number>): { ask: number[]; late: number } {
    const ask: number[] = []
    let late = 0
    for (const [second, count] of counts) {
      const before = this.#counted.get(second)
      if (second <= this.#settled || (before !== undefined && count <= before)) continue
      if (before === undefined || this.#sent.has(second)) ask.push(second)
      else {
        late += count - before
        this.#counted.set(second, count)
      }
    }
    return { ask, late }
  }

  #moveTo(second: number): void {
    this.#after = second
    this.#settled = second
  }

  async #ask(
    filter: TraceFilter,
    seconds: readonly number[],
    options: QueryOptions,
  ): Promise<{ found: StreamEvent[]; arrivals: Arrivals<unknown> }> {
    const { rate, unit } = this.#options
    const limit = rate * Math.min(burst, Math.max(1, seconds.length))
    if (unit === 'traces') {
      const arrivals = await arrivedTraces(this.#store, filter, seconds, limit, options)
      const summaries = await summarizeTraces(this.#store, arrivals.rows, options)
      // Oldest first, as they would have come one by one.
      return { found: summaries.reverse().map((data) => ({ event: 'trace', data })), arrivals }
    }
    const arrivals = await arrivedSpans(this.#store, filter, seconds, limit, options)
    // Also what its sender sent again meanwhile.
    const known = new Set([...this.#sent.values()].flatMap((sent) => [...sent]))
    const spans = arrivals.rows
      .map(tailSpan)
      .filter(({ traceId, spanId }) => !known.has(`${traceId} ${spanId}`))
    const identities = new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`))
    for (const second of seconds)
      this.#sent.set(second, identities.union(this.#sent.get(second) ?? new Set()))
    spans.sort((a, b) => (BigInt(a.startUnixNano) < BigInt(b.startUnixNano) ? -1 : 1))
    return { found: spans.map((data) => ({ event: 'span', data })), arrivals }
  }

  #remember(seconds: readonly number[], counts: ReadonlyMap<number, number>, isWhole: boolean): void {
    for (const second of seconds) {
      this.#counted.set(second, counts.get(second) ?? 0)
      if (!isWhole) this.#sent.delete(second)
      else if (!this.#sent.has(second)) this.#sent.set(second, new Set())
    }
  }

  #forget(last: number): void {
    for (const second of this.#counted.keys()) {
      if (second > last - lateSeconds) continue
      this.#counted.delete(second)
      this.#sent.delete(second)
    }
  }

  #heartbeat(): void {
    if (performance.now() - this.#wroteAt >= heartbeatMs) this.#write([])
  }

  #write(events: readonly StreamEvent[]): void {
    this.#wroteAt = performance.now()
    this.#stream.write(events, this.#after)
  }
}

function skipped(data: TailSkipped): StreamEvent {
  return { event: 'skipped', data }
}
