/** Finds traces that match a filter, a page at a time in a total order, with how many do. The first step of every search. */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { filterSql, type TraceFilter } from './filter.ts'
import { newestTraces } from './newest-traces.ts'
import { type FoundPage, isBehind, type Page, positionParameters, type TraceOrder } from './trace-page.ts'
import type { MatchedTrace } from './trace-places.ts'

export async function findPage(
  engine: StoreEngine,
  filter: TraceFilter,
  page: Page,
  options?: QueryOptions,
): Promise<FoundPage> {
  const { order = 'newest' } = page
  return order === 'newest'
    ? newestTraces(engine, filter, page, options)
    : rankedTraces(engine, filter, order, page, options)
}

/** The newest, as `findPage`. */
export async function findTraces(
  engine: StoreEngine,
  filter: TraceFilter,
  limit: number,
  options?: QueryOptions,
): Promise<Pick<FoundPage, 'traceIds' | 'total'>> {
  return findPage(engine, filter, { limit }, options)
}

/** Which is first, only who has seen all knows. */
async function rankedTraces(
  engine: StoreEngine,
  filter: TraceFilter,
  order: RankedOrder,
  { limit, after, expect }: Page,
  options: QueryOptions | undefined,
): Promise<FoundPage> {
  const { where, having, parameters } = filterSql(filter, engine)
  const { rows, rowsBeforeLimit } = await engine.query<MatchedTrace & { readonly rank: string }>(
    `SELECT lower(hex(trace_id)) AS traceId, rank, first, last, ofTenant AS tenant FROM (
       SELECT trace_id, min(start) AS first, max(start) AS last, any(tenant) AS ofTenant, ${ranks[order]} AS rank, max(duration) AS longest, max(status = 2) AS failed
       FROM spans WHERE ${where} GROUP BY trace_id ${having === '' ? '' : `HAVING ${having}`}
     ) ${after === undefined ? '' : `WHERE ${isBehind}`}
     ORDER BY rank DESC, first DESC, trace_id LIMIT {limit:UInt32}`,
    { ...parameters, ...positionParameters(after), limit },
    options,
  )
  expect?.(rows)
  const last = rows.length < rowsBeforeLimit ? rows.at(-1) : undefined
  return {
    traceIds: rows.map(({ traceId }) => traceId),
    total: rowsBeforeLimit,
    totalIsExact: true,
    last: last && { rank: BigInt(last.rank), first: BigInt(last.first), traceId: last.traceId },
  }
}

type RankedOrder = Exclude<TraceOrder, 'newest'>

/** Spans that are stored twice count once. */
const ranks: Readonly<Record<RankedOrder, string>> = {
  longest: 'max(duration)',
  errors: 'toInt64(uniqExactIf(span_id, status = 2))',
  spans: 'toInt64(uniqExact(span_id))',
}
