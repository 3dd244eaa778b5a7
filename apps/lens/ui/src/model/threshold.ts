/**
 * Where "slow" begins: the histogram of durations on a logarithmic scale, and the thresholds that can be chosen on it. Called by the page
 * Why?, which draws it.
 */
import type { LatencyResponse } from 'rustok-lens/contract'

export interface DurationBar {
  readonly fromNano: number
  readonly toNano: number
  readonly count: number
  /** Fractions of the width. */
  readonly left: number
  readonly right: number
}

export interface DurationScale {
  readonly bars: readonly DurationBar[]
  /** The largest count of a bar. */
  readonly most: number
  readonly total: number
  readonly low: number
  readonly high: number
}

/** Undefined where there is nothing to draw. */
export function durationScale({ buckets }: Pick<LatencyResponse, 'buckets'>): DurationScale | undefined {
  const first = buckets[0]
  const last = buckets.at(-1)
  if (first === undefined || last === undefined) return undefined
  const low = Math.max(1, first.fromNano)
  const high = Math.max(low * 2, last.toNano)
  const bars = buckets.map(({ fromNano, toNano, count }) => ({
    fromNano,
    toNano,
    count,
    left: placeOf({ low, high }, fromNano),
    right: placeOf({ low, high }, toNano),
  }))
  const total = bars.reduce((sum, { count }) => sum + count, 0)
  return { bars, most: Math.max(1, ...bars.map(({ count }) => count)), total, low, high }
}

type Ends = Pick<DurationScale, 'low' | 'high'>

/** 0 to 1, from the left. */
export function placeOf({ low, high }: Ends, nanos: number): number {
  const place = Math.log(Math.max(1, nanos) / low) / Math.log(high / low)
  return Math.min(1, Math.max(0, place))
}

/** At a place of the scale, in two digits: what one would type. */
export function thresholdAt({ low, high }: Ends, place: number): number {
  return inTwoDigits(low * (high / low) ** Math.min(1, Math.max(0, place)))
}

export function inTwoDigits(nanos: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, nanos))) - 1)
  return Math.max(1, Math.round(nanos / unit)) * unit
}

/** The next one by keys: an edge of the bars, as two digits can say it; the same at the ends. */
export function nextThreshold({ bars }: DurationScale, nanos: number, by: 1 | -1): number {
  const edges = bars.flatMap(({ fromNano, toNano }) => [inTwoDigits(fromNano), inTwoDigits(toNano)])
  const beyond = edges.filter((edge) => (by > 0 ? edge > nanos : edge < nanos))
  if (beyond.length === 0) return nanos
  return by > 0 ? Math.min(...beyond) : Math.max(...beyond)
}

/** How many take as long, where the bar that it falls into is spread evenly on the scale. */
export function countFrom({ bars }: DurationScale, nanos: number): number {
  let count = 0
  for (const bar of bars) {
    if (bar.fromNano >= nanos) count += bar.count
    else if (bar.toNano > nanos) {
      const low = Math.max(1, bar.fromNano)
      count += (bar.count * Math.log(bar.toNano / nanos)) / Math.log(bar.toNano / low)
    }
  }
  return Math.round(count)
}

/** For the axis: 1, 10, 100; with 2 and 5 between them where the scale is short. */
export function ticksOf({ low, high }: Ends): readonly { readonly nanos: number; readonly place: number }[] {
  const steps = high / low > 2000 ? [1] : [1, 2, 5]
  const ticks: { nanos: number; place: number }[] = []
  for (let decade = 10 ** Math.floor(Math.log10(low)); decade <= high; decade *= 10) {
    for (const step of steps) {
      const nanos = step * decade
      if (nanos >= low && nanos <= high) ticks.push({ nanos, place: placeOf({ low, high }, nanos) })
    }
  }
  return ticks
}
