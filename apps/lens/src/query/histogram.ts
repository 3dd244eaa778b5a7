/** Matching traces over time, for the strip above the results: each trace counts once, where its first matching span began. */

import type { HistogramResponse } from '../api/contract.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { filterSql, type TraceFilter } from './filter.ts'
import { measuredSql } from './measured.ts'
import { chooseSample } from './sample.ts'

/** Bars that are still wide enough to hit with a mouse. */
const mostBuckets = 120

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const steps = [
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14, 30].map((count) => count * day),
]

/** Milliseconds, a round number of them, of one of at most `mostBuckets` buckets over the range. */
export function bucketSize(rangeMs: number): number {
  const step = steps.find((candidate) => rangeMs / candidate <= mostBuckets)
  return step ?? Math.ceil(rangeMs / mostBuckets / (30 * day)) * 30 * day
}

export async function histogram(
  engine: StoreEngine,
  filter: TraceFilter,
  options?: QueryOptions,
): Promise<HistogramResponse> {
  const fromMs = Number(filter.from / 1_000_000n)
  const toMs = Number(filter.to / 1_000_000n)
  const bucketMs = bucketSize(toMs - fromMs)
  const oneIn = await chooseSample(engine, filter, options)
  const sql = filterSql(filter, engine)
  const { rows } = await engine.query<{ bucket: string; traces: string; errors: string }>(
    `SELECT intDiv(first, {bucket:UInt64}) AS bucket, count() AS traces, countIf(failed) AS errors
     FROM (${measuredSql('traces', sql, oneIn)}) GROUP BY bucket`,
    { ...sql.parameters, bucket: BigInt(bucketMs) * 1_000_000n },
    options,
  )
  const counts = new Map(rows.map((row) => [Number(row.bucket), row]))
  const first = Math.floor(fromMs / bucketMs)
  const last = Math.floor(toMs / bucketMs)
  const buckets = Array.from({ length: last - first + 1 }, (_, index) => {
    const counted = counts.get(first + index)
    return {
      startMs: (first + index) * bucketMs,
      count: Number(counted?.traces ?? 0) * oneIn,
      errorCount: Number(counted?.errors ?? 0) * oneIn,
    }
  })
  return { bucketMs, buckets, sample: { oneIn } }
}
