/** Finds traces that match a filter, a page at a time in a total order, and counts all that do. The first step of every search. */

import type { QueryOptions, QueryParameters, StoreEngine } from '../store/engine.ts'
import { filterSql, isUnfiltered, type TraceFilter } from './filter.ts'

/** By when the first matching span began, by the longest matching span, or by how many matching spans failed or there are. */
export const traceOrders = ['newest', 'longest', 'errors', 'spans'] as const
export type TraceOrder = (typeof traceOrders)[number]

export interface Page {
  readonly limit: number
  readonly order?: TraceOrder | undefined
  /** Begins behind it. */
  readonly after?: PagePosition | undefined
}

/** Of a trace in its order: largest `rank` first, then the newest, then by id. */
export interface PagePosition {
  readonly rank: bigint
  /** Unix nanoseconds at which the first matching span began. */
  readonly first: bigint
  readonly traceId: string
}

export interface FoundPage {
  /** 32 hex digits each, in order. */
  readonly traceIds: readonly string[]
  /** How many traces match behind `after`, exactly unless `totalIsExact` is false: then there are at least so many. */
  readonly total: number
  readonly totalIsExact: boolean
  /** Of the last trace, if others follow. */
  readonly last: PagePosition | undefined
}

export async function findPage(
  engine: StoreEngine,
  filter: TraceFilter,
  { limit, order = 'newest', after }: Page,
  options?: QueryOptions,
): Promise<FoundPage> {
  const { matching, parameters } = matchingTraces(filter, order)
  const behind =
    after === undefined
      ? ''
      : `WHERE rank < {rank:Int64} OR rank = {rank:Int64} AND (first < {first:UInt64}
           OR first = {first:UInt64} AND trace_id > toFixedString(unhex({traceId:String}), 16))`
  const { rows, rowsBeforeLimit } = await engine.query<{ traceId: string; rank: string; first: string }>(
    `SELECT lower(hex(trace_id)) AS traceId, rank, first FROM (${matching}) ${behind}
     ORDER BY rank DESC, first DESC, trace_id LIMIT {limit:UInt32}`,
    { ...parameters, ...after, limit },
    options,
  )
  const last = rows.length < rowsBeforeLimit ? rows.at(-1) : undefined
  return {
    traceIds: rows.map(({ traceId }) => traceId),
    total: rowsBeforeLimit,
    totalIsExact: true,
    last: last && { rank: BigInt(last.rank), first: BigInt(last.first), traceId: last.traceId },
  }
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

/** Rows of (trace_id, first, rank). */
function matchingTraces(
  filter: TraceFilter,
  order: TraceOrder,
): { readonly matching: string; readonly parameters: QueryParameters } {
  const { where, having, parameters } = filterSql(filter)
  if (order === 'newest' && isUnfiltered(filter)) {
    const matching = `SELECT trace_id, min(first_start) AS first, 0 AS rank
      FROM traces WHERE ${overlapsRange} GROUP BY trace_id`
    return { matching, parameters }
  }
  const matching = `SELECT trace_id, min(start) AS first, ${ranks[order]} AS rank,
      max(duration) AS longest, max(status = 2) AS failed
    FROM spans WHERE ${where} GROUP BY trace_id ${having === '' ? '' : `HAVING ${having}`}`
  return { matching, parameters }
}

/** Spans that are stored twice count once. */
const ranks: Readonly<Record<TraceOrder, string>> = {
  newest: '0',
  longest: 'max(duration)',
  errors: 'toInt64(uniqExactIf(span_id, status = 2))',
  spans: 'toInt64(uniqExact(span_id))',
}

/** What `uniq` counts exactly; beyond it, it is right to within a percent, for a tenth of the time that `uniqExact` takes. */
const mostCountedExactly = 65_536

export interface TraceCount {
  readonly count: number
  readonly isExact: boolean
}

/** How many traces have a span in the time range. */
export async function countTraces(
  engine: StoreEngine,
  { from, to }: Pick<TraceFilter, 'from' | 'to'>,
  options?: QueryOptions,
): Promise<TraceCount> {
  const { rows } = await engine.query<{ count: string }>(
    `SELECT uniq(trace_id) AS count FROM traces WHERE ${overlapsRange}`,
    { from, to },
    options,
  )
  const count = Number(rows[0]?.count ?? 0)
  return { count, isExact: count <= mostCountedExactly }
}

/** As `countTraces`, but those that are stored in pieces may count more than once: a bound, for a tenth of the time. */
export async function countTracesAtMost(
  engine: StoreEngine,
  { from, to }: Pick<TraceFilter, 'from' | 'to'>,
  options?: QueryOptions,
): Promise<number> {
  const { rows } = await engine.query<{ count: string }>(
    `SELECT count() AS count FROM traces WHERE ${overlapsRange}`,
    { from, to },
    options,
  )
  return Number(rows[0]?.count ?? 0)
}

const overlapsRange = 'last_start >= {from:UInt64} AND first_start <= {to:UInt64}'
