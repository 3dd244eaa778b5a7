/**
 * Maths of the histogram's brush: from two points on the strip to a range of whole buckets. Called by the strip's
 * pointer and key handlers.
 */
export interface BucketScale {
  /** Of the first bucket. */
  readonly startMs: number
  readonly bucketMs: number
  readonly count: number
}

export interface BucketRange {
  readonly first: number
  /** Included. */
  readonly last: number
}

/** The bucket under `x`; points beyond the strip give its first or last. */
export function bucketAt(scale: BucketScale, width: number, x: number): number {
  const at = Math.floor((x / Math.max(1, width)) * scale.count)
  return Math.min(Math.max(0, scale.count - 1), Math.max(0, Number.isFinite(at) ? at : 0))
}

/** In either direction; at least one bucket. */
export function brushed(scale: BucketScale, width: number, from: number, to: number): BucketRange {
  const a = bucketAt(scale, width, from)
  const b = bucketAt(scale, width, to)
  return { first: Math.min(a, b), last: Math.max(a, b) }
}

export function rangeMillis(
  scale: BucketScale,
  range: BucketRange,
): { readonly start: number; readonly end: number } {
  return {
    start: Math.floor(scale.startMs + range.first * scale.bucketMs),
    end: Math.ceil(scale.startMs + (range.last + 1) * scale.bucketMs),
  }
}

/** Where the range lies on the strip, as fractions of its width. */
export function rangeExtent(
  scale: BucketScale,
  range: BucketRange,
): { readonly left: number; readonly width: number } {
  const count = Math.max(1, scale.count)
  return { left: range.first / count, width: (range.last + 1 - range.first) / count }
}
