/** Durations in buckets of equal width on a logarithmic scale: four to each doubling, so that a bucket is 19% wide. */

import type { DurationBucket } from '../api/contract.ts'

const perDoubling = 4

/** In SQL, the number of a duration's bucket: what lasted no time, or less, shares the first with 1 ns. */
export function bucketOf(duration: string): string {
  return `toUInt16(floor(log2(greatest(${duration}, 1)) * ${perDoubling}))`
}

/** Nanoseconds: from `fromNano`, below `toNano`. */
export function durationBucket(number: number): DurationBucket {
  return { fromNano: number === 0 ? 0 : lowerBound(number), toNano: lowerBound(number + 1) }
}

/** Durations are whole: the smallest that `bucketOf` puts there. */
function lowerBound(number: number): number {
  return Math.ceil(2 ** (number / perDoubling))
}
