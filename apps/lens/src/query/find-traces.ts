/** Finds the newest traces that match a filter, and counts all that do. The first step of every search. */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { filterSql, isUnfiltered, type TraceFilter } from './filter.ts'

export interface FoundTraces {
  /** 32 hex digits each, newest first. */
  readonly traceIds: readonly string[]
  /** How many traces match, exactly. */
  readonly total: number
}

export async function findTraces(
  engine: StoreEngine,
  filter: TraceFilter,
  limit: number,
  options?: QueryOptions,
): Promise<FoundTraces> {
  const { where, having, parameters } = filterSql(filter)
  const matching = isUnfiltered(filter)
    ? `SELECT trace_id, min(first_start) AS first FROM traces WHERE ${overlapsRange} GROUP BY trace_id`
    : `SELECT trace_id, min(start) AS first, max(duration) AS longest, max(status = 2) AS failed
       FROM spans WHERE ${where} GROUP BY trace_id ${having === '' ? '' : `HAVING ${having}`}`
  const { rows, rowsBeforeLimit } = await engine.query<{ traceId: string }>(
    `SELECT lower(hex(trace_id)) AS traceId FROM (${matching})
     ORDER BY first DESC, trace_id LIMIT {limit:UInt32}`,
    { ...parameters, limit },
    options,
  )
  return { traceIds: rows.map(({ traceId }) => traceId), total: rowsBeforeLimit }
}

/** How many traces have a span in the time range. */
export async function countTraces(
  engine: StoreEngine,
  { from, to }: Pick<TraceFilter, 'from' | 'to'>,
  options?: QueryOptions,
): Promise<number> {
  const { rows } = await engine.query<{ count: string }>(
    `SELECT uniqExact(trace_id) AS count FROM traces WHERE ${overlapsRange}`,
    { from, to },
    options,
  )
  return Number(rows[0]?.count ?? 0)
}

const overlapsRange = 'last_start >= {from:UInt64} AND first_start <= {to:UInt64}'
