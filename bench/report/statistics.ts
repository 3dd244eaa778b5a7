/** Medians with their range: what a few interleaved runs on a shared machine can honestly say. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) throw new RangeError('no values to take a median of')
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)! }
}

/** The ratio of the medians, and the range of the ratios of the runs that stood side by side. */
export function ratioOf(values: readonly number[], base: readonly number[]): Spread {
  const { min, max } = spreadOf(values.map((value, i) => value / base[i]!))
  return { median: spreadOf(values).median / spreadOf(base).median, min, max }
}

/** The smallest value that `share` of the values do not exceed; `sorted` is ascending and not empty. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!
}
