/**
 * What the live tail shows: the newest arrivals, each trace once, and how much there was besides. Bounded, however long it runs. While it is
 * paused, arrivals wait, bounded too. Called by the LiveTail component.
 */
import type { TailSkipped, TailSpan, TraceSummary } from 'rustok-lens/contract'

export const MOST_KEPT = 500

export type Arrival =
  | { readonly unit: 'traces'; readonly key: string; readonly trace: TraceSummary }
  | { readonly unit: 'spans'; readonly key: string; readonly span: TailSpan }

export interface TailList {
  /** Newest arrival first, at most MOST_KEPT. */
  readonly shown: readonly Arrival[]
  /** What came while paused, newest first, at most MOST_KEPT. */
  readonly waiting: readonly Arrival[]
  readonly isPaused: boolean
  /** Different traces or spans that came, as far as can be told: one that was let go and comes again counts twice. */
  readonly arrived: number
  /** Matching spans that no event told of, by why. */
  readonly skipped: Readonly<Record<TailSkipped['reason'], number>>
  /** Some of the skipped were not even counted. */
  readonly uncounted: boolean
}

export const EMPTY_TAIL: TailList = {
  shown: [],
  waiting: [],
  isPaused: false,
  arrived: 0,
  skipped: { rate: 0, reader: 0, gap: 0, limit: 0 },
  uncounted: false,
}

export function traceArrival(trace: TraceSummary): Arrival {
  return { unit: 'traces', key: trace.traceId, trace }
}

export function spanArrival(span: TailSpan): Arrival {
  return { unit: 'spans', key: `${span.traceId} ${span.spanId}`, span }
}

/** `arrivals` in the order in which they came. A trace of which more arrived stays where it is, and is renewed. */
export function withArrivals(list: TailList, arrivals: readonly Arrival[]): TailList {
  if (arrivals.length === 0) return list
  const latest = new Map(arrivals.map((arrival) => [arrival.key, arrival]))
  const renewed = (old: readonly Arrival[]) =>
    old.some(({ key }) => latest.has(key)) ? old.map((one) => latest.get(one.key) ?? one) : old
  const known = new Set([...list.shown, ...list.waiting].map(({ key }) => key))
  const fresh = [...latest.values()].filter(({ key }) => !known.has(key)).reverse()
  const shown = renewed(list.shown)
  const waiting = renewed(list.waiting)
  const arrived = list.arrived + fresh.length
  return list.isPaused
    ? { ...list, shown, arrived, waiting: [...fresh, ...waiting].slice(0, MOST_KEPT) }
    : { ...list, waiting, arrived, shown: [...fresh, ...shown].slice(0, MOST_KEPT) }
}

export function withSkipped(list: TailList, { spans, reason }: TailSkipped): TailList {
  const skipped = { ...list.skipped, [reason]: list.skipped[reason] + (spans ?? 0) }
  return { ...list, skipped, uncounted: list.uncounted || spans === null }
}

export function paused(list: TailList): TailList {
  return { ...list, isPaused: true }
}

export function resumed(list: TailList): TailList {
  return {
    ...list,
    isPaused: false,
    shown: [...list.waiting, ...list.shown].slice(0, MOST_KEPT),
    waiting: [],
  }
}

/** What was left out, in words; undefined when nothing was. */
export function skippedWords({ skipped, uncounted }: TailList): string | undefined {
  const said = [
    [skipped.rate, 'beyond the rate'],
    [skipped.reader, 'while this page did not read'],
    [skipped.gap, 'while the connection was away'],
    [skipped.limit, 'because the search takes too long: narrow it'],
  ] as const
  const parts = said.flatMap(([spans, why]) =>
    spans === 0
      ? []
      : [`${spans === 1 ? '1 matching span' : `${spans.toLocaleString()} matching spans`} ${why}`],
  )
  if (uncounted) parts.push('some that could not be counted: narrow the search')
  return parts.length === 0 ? undefined : `Not shown: ${parts.join('; ')}`
}
