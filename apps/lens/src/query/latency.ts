/** How long matching traces or spans take: a histogram over a logarithmic scale, with percentiles. */

import type { LatencyResponse } from '../api/contract.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { bucketOf, durationBucket } from './duration-buckets.ts'
import { filterSql, type TraceFilter } from './filter.ts'
import { type Measured, measuredSql } from './measured.ts'
import { chooseSample } from './sample.ts'

interface Row {
  /** '1' in the one row over all buckets. */
  readonly whole: '0' | '1'
  readonly bucket: number
  readonly count: string
  readonly errors: string
  readonly percentiles: readonly (string | number)[]
}

export async function latency(
  engine: StoreEngine,
  filter: TraceFilter,
  of: Measured,
  options?: QueryOptions,
): Promise<LatencyResponse> {
  const oneIn = await chooseSample(engine, filter, options)
  const sql = filterSql(filter, engine)
  const { rows } = await engine.query<Row>(
    `SELECT grouping(bucket) AS whole, bucket, count() AS count, countIf(failed) AS errors,
       if(whole = 1, quantilesExact(0.5, 0.9, 0.95, 0.99)(longest), []) AS percentiles
     FROM (SELECT longest, failed, ${bucketOf('longest')} AS bucket FROM (${measuredSql(of, sql, oneIn)}))
     GROUP BY GROUPING SETS ((bucket), ()) ORDER BY bucket`,
    sql.parameters,
    options,
  )
  const counted = rows.filter(({ whole }) => whole === '0')
  const whole = rows.find((row) => row.whole === '1')
  const byBucket = new Map(counted.map((row) => [row.bucket, row]))
  const first = counted[0]?.bucket ?? 0
  const length = counted.length === 0 ? 0 : (counted.at(-1)?.bucket ?? 0) - first + 1
  const [p50, p90, p95, p99] = (length === 0 ? [] : (whole?.percentiles ?? [])).map((value) =>
    Math.max(0, Number(value)),
  )
  return {
    of,
    total: Number(whole?.count ?? 0) * oneIn,
    errorTotal: Number(whole?.errors ?? 0) * oneIn,
    buckets: Array.from({ length }, (_, index) => {
      const row = byBucket.get(first + index)
      return {
        ...durationBucket(first + index),
        count: Number(row?.count ?? 0) * oneIn,
        errorCount: Number(row?.errors ?? 0) * oneIn,
      }
    }),
    ...(p50 === undefined || p90 === undefined || p95 === undefined || p99 === undefined
      ? {}
      : { percentiles: { p50, p90, p95, p99 } }),
    sample: { oneIn },
  }
}
