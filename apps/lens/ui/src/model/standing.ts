/** Where a duration stands among others that are counted in buckets: the share of them that were shorter. Called by the span's panel. */
import type { LatencyResponse } from 'rustok-lens/contract'

/** 0 to 1; within a bucket by its place there. Undefined of none. */
export function standing(
  { buckets, total }: Pick<LatencyResponse, 'buckets' | 'total'>,
  nanos: number,
): number | undefined {
  if (total === 0) return undefined
  let shorter = 0
  for (const { fromNano, toNano, count } of buckets) {
    if (nanos >= toNano) shorter += count
    else if (nanos > fromNano) shorter += (count * (nanos - fromNano)) / (toNano - fromNano)
  }
  return Math.min(1, shorter / total)
}

/** `p97`; the ends are told as what they are. */
export function percentileName(share: number): string {
  if (share > 0.99) return share >= 0.999 ? 'the slowest' : 'p99'
  return `p${Math.max(1, Math.floor(share * 100))}`
}
