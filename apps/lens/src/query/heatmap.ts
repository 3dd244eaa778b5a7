/** Matching traces or spans over time and duration: where slow ones lie, and whether they fail. */

import type { HeatmapResponse } from '../api/contract.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { bucketOf, durationBucket } from './duration-buckets.ts'
import { filterSql, type TraceFilter } from './filter.ts'
import { bucketSize } from './histogram.ts'
import { type Measured, measuredSql } from './measured.ts'
import { chooseSample } from './sample.ts'

interface Row {
  readonly time: string
  readonly bucket: number
  readonly count: string
  readonly errors: string
}

export async function heatmap(
  engine: StoreEngine,
  filter: TraceFilter,
  of: Measured,
  options?: QueryOptions,
): Promise<HeatmapResponse> {
  const oneIn = await chooseSample(engine, filter, options)
  const bucketMs = bucketSize(Number(filter.to - filter.from) / 1_000_000)
  const sql = filterSql(filter, engine)
  const { rows } = await engine.query<Row>(
    `SELECT intDiv(first, {bucket:UInt64}) AS time, ${bucketOf('longest')} AS bucket,
       count() AS count, countIf(failed) AS errors
     FROM (${measuredSql(of, sql, oneIn)}) GROUP BY time, bucket ORDER BY time, bucket`,
    { ...sql.parameters, bucket: BigInt(bucketMs) * 1_000_000n },
    options,
  )
  const numbers = rows.map(({ bucket }) => bucket)
  const lowest = Math.min(...numbers)
  const durations = numbers.length === 0 ? 0 : Math.max(...numbers) - lowest + 1
  const cells = rows.map(({ time, bucket, count, errors }) => ({
    startMs: Number(time) * bucketMs,
    duration: bucket - lowest,
    count: Number(count) * oneIn,
    errorCount: Number(errors) * oneIn,
  }))
  return {
    of,
    bucketMs,
    durations: Array.from({ length: durations }, (_, index) => durationBucket(lowest + index)),
    cells,
    total: cells.reduce((total, { count }) => total + count, 0),
    errorTotal: cells.reduce((total, { errorCount }) => total + errorCount, 0),
    sample: { oneIn },
  }
}
