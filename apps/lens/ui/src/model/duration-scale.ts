/**
 * The end of the scale on which the durations of a list are drawn: the longest of them, unless a sender's broken clock makes one so long that
 * nothing could be told of the others. Called by the list of traces.
 */
const ABSURD = 200

export function durationScale(nanos: readonly number[]): number {
  const sorted = nanos.toSorted((a, b) => a - b)
  const most = sorted.at(-1) ?? 1
  // Nine in ten are below it.
  const usual = sorted[Math.floor((sorted.length - 1) * 0.9)] ?? 1
  if (sorted.length < 10 || most <= usual * ABSURD) return Math.max(1, most)
  return Math.max(1, sorted.findLast((one) => one <= usual * ABSURD) ?? usual)
}
