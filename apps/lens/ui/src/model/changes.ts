/**
 * What has changed between two periods, and which of it matters most: for each service or tenant its rate, its errors and its duration, each by how
 * unusual the change is (how many standard errors it is away from none) and by how large. Called by the home page and the list of tenants.
 */

/** What is known of one period. Durations are in nanoseconds; null without a call. */
export interface PeriodMeasures {
  readonly calls: number
  readonly failed: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

export type Aspect = 'rate' | 'errors' | 'duration'

export interface Change {
  readonly aspect: Aspect
  readonly before: number
  readonly now: number
  /** In standard errors; positive for more. */
  readonly deviation: number
  /** 0 to 1: 1 for four times as much (or a quarter), or ten points more errors. */
  readonly size: number
  /** More errors, slower, or less traffic. */
  readonly isWorse: boolean
  /** 0 to 1. What changes are ranked by. */
  readonly score: number
}

/** From here on a change is told of. Of a thousand comparisons without a cause, three are as far off. */
const UNUSUAL = 3
/** Beyond so many standard errors it makes no difference to the rank. */
const CERTAIN = 10
/** A percentile of fewer calls says little. */
const FEWEST_CALLS = 20

/** All aspects that could be compared, the most important first. `dispersion`: how much more its traffic varies than chance (1). */
export function changesBetween(
  now: PeriodMeasures,
  before: PeriodMeasures,
  dispersion = 1,
): readonly Change[] {
  const changes = [rateChange(now, before, dispersion), errorChange(now, before), durationChange(now, before)]
  return changes.filter((change) => change !== undefined).sort((a, b) => b.score - a.score)
}

export function isNotable({ deviation, size }: Change): boolean {
  return Math.abs(deviation) >= UNUSUAL && size >= 0.05
}

/** Whether traffic only went as that of all did: what has one cause is told once, for all. */
export function wentWithAll(
  { aspect, before, now }: Change,
  all: { readonly before: number; readonly now: number },
): boolean {
  if (aspect !== 'rate' || before === 0 || now === 0 || all.before === 0 || all.now === 0) return false
  const [own, whole] = [Math.log2(now / before), Math.log2(all.now / all.before)]
  return Math.abs(whole) >= 0.15 && Math.sign(own) === Math.sign(whole) && Math.abs(own - whole) < 0.4
}

/** Counts of two periods: how far apart, when counts vary as chance does, times `dispersion`. */
function rateChange(now: PeriodMeasures, before: PeriodMeasures, dispersion: number): Change | undefined {
  const sum = now.calls + before.calls
  if (sum === 0) return undefined
  const deviation = (now.calls - before.calls) / Math.sqrt(Math.max(1, dispersion) * sum)
  const size = Math.min(1, Math.abs(Math.log2((now.calls + 1) / (before.calls + 1))) / 2)
  return change('rate', before.calls, now.calls, deviation, size, now.calls < before.calls)
}

/** Shares of two periods, by the log-likelihood ratio: right for rare failures too. */
function errorChange(now: PeriodMeasures, before: PeriodMeasures): Change | undefined {
  if (now.calls === 0 || before.calls === 0) return undefined
  const [shareNow, shareBefore] = [now.failed / now.calls, before.failed / before.calls]
  const difference = shareNow - shareBefore
  const pooled = (now.failed + before.failed) / (now.calls + before.calls)
  const likelihood = ({ calls, failed }: PeriodMeasures) =>
    failed * log(failed / (calls * pooled)) +
    (calls - failed) * log((calls - failed) / (calls * (1 - pooled)))
  const deviation = Math.sign(difference) * Math.sqrt(Math.max(0, 2 * (likelihood(now) + likelihood(before))))
  const size = Math.min(1, Math.abs(difference) / 0.1)
  return change('errors', shareBefore, shareNow, deviation, size, difference > 0)
}

/** 0 · log 0 is 0. */
function log(ratio: number): number {
  return ratio > 0 && Number.isFinite(ratio) ? Math.log(ratio) : 0
}

/** The 95th percentiles, with the standard error that they have if durations are log-normal, which p50 and p99 tell the width of. */
function durationChange(now: PeriodMeasures, before: PeriodMeasures): Change | undefined {
  if (now.calls < FEWEST_CALLS || before.calls < FEWEST_CALLS) return undefined
  if (!(now.p95 !== null && now.p95 > 0 && before.p95 !== null && before.p95 > 0)) return undefined
  const difference = Math.log(now.p95 / before.p95)
  const deviation = difference / Math.hypot(standardError(now), standardError(before))
  const size = Math.min(1, Math.abs(difference) / Math.log(4))
  return change('duration', before.p95, now.p95, deviation, size, difference > 0)
}

/** Of the logarithm of p95. 2.326 is the normal's 99th percentile, 0.1031 its density at the 95th. */
function standardError({ calls, p50, p99 }: PeriodMeasures): number {
  const width = p50 !== null && p50 > 0 && p99 !== null && p99 > p50 ? Math.log(p99 / p50) / 2.326 : 0
  return (Math.max(width, NARROWEST) * Math.sqrt(0.95 * 0.05)) / 0.1031 / Math.sqrt(calls)
}

/** Percentiles come rounded to half a percent or so: nothing is known more exactly. */
const NARROWEST = 0.05

function change(
  aspect: Aspect,
  before: number,
  now: number,
  deviation: number,
  size: number,
  isWorse: boolean,
): Change {
  const surprise = Math.min(1, Math.abs(deviation) / CERTAIN)
  return { aspect, before, now, deviation, size, isWorse, score: surprise * size * (isWorse ? 1 : 0.5) }
}

/** How much more counts vary than chance would have it: their variance by their mean, 1 at least. */
export function dispersionOf(counts: readonly number[]): number {
  if (counts.length < 2) return 1
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  if (mean === 0) return 1
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1)
  return Math.max(1, variance / mean)
}
