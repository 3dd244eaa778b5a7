/**
 * Which matching spans arrived in which second: what a live tail asks the store, every second. The store prunes its parts by the time of arrival, so
 * that a question about the last seconds reads what was inserted since, whatever else is stored.
 */

import type { QueryOptions, StoreEngine } from '../../store/engine.ts'
import { filterSql, type TraceFilter } from '../filter.ts'

/** Unix seconds of arrival, both inclusive. */
export interface Seconds {
  readonly first: number
  readonly last: number
}

/** How many rows arrived in each second that had any. A cheap look, by which an idle tail asks no more. */
export async function countArrivals(
  engine: StoreEngine,
  filter: TraceFilter,
  { first, last }: Seconds,
  options?: QueryOptions,
): Promise<Map<number, number>> {
  const { where, parameters } = filterSql(filter, engine)
  const { rows } = await engine.query<{ second: number; spans: string }>(
    `SELECT toUnixTimestamp(received) AS second, count() AS spans FROM spans
     WHERE ${arrivedBetween} AND ${where} GROUP BY second`,
    { ...parameters, firstSecond: first, lastSecond: last },
    options,
  )
  return new Map(rows.map(({ second, spans }) => [second, Number(spans)]))
}

export interface Arrivals<Row> {
  /** At most as many as asked for, a sample of whole traces by the hash of their ids. */
  readonly rows: readonly Row[]
  /** Matching spans among `rows`, and in all. */
  readonly shown: number
  readonly total: number
}

/** Ids of the traces that the spans of these seconds belong to. */
export async function arrivedTraces(
  engine: StoreEngine,
  filter: TraceFilter,
  seconds: readonly number[],
  limit: number,
  options?: QueryOptions,
): Promise<Arrivals<string>> {
  const { where, having, parameters } = filterSql(filter, engine)
  const { rows } = await engine.query<{ traceId: string; spans: string; total: string }>(
    `SELECT lower(hex(trace_id)) AS traceId, spans, sum(spans) OVER () AS total FROM (
       SELECT trace_id, uniqExact(span_id) AS spans, max(duration) AS longest, max(status = 2) AS failed
       FROM spans WHERE ${arrivedIn} AND ${where} GROUP BY trace_id${having === '' ? '' : ` HAVING ${having}`}
     ) ORDER BY cityHash64(trace_id) LIMIT {limit:UInt32}`,
    { ...parameters, ...secondParameters(seconds), limit },
    options,
  )
  return {
    rows: rows.map(({ traceId }) => traceId),
    shown: rows.reduce((sum, { spans }) => sum + Number(spans), 0),
    total: Number(rows[0]?.total ?? 0),
  }
}

export interface ArrivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly tenant: string
  readonly user: string
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly status: number
  readonly statusMessage: string
  readonly start: string
  readonly duration: string
}

/** Conditions on a trace are about each span by itself. */
export async function arrivedSpans(
  engine: StoreEngine,
  filter: TraceFilter,
  seconds: readonly number[],
  limit: number,
  options?: QueryOptions,
): Promise<Arrivals<ArrivedSpan>> {
  const { where, having, parameters } = filterSql(filter, engine)
  const { rows } = await engine.query<ArrivedSpan & { total: string }>(
    `SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
       if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))) AS parentSpanId,
       tenant, user, service, name, kind, status, status_message AS statusMessage, start, duration, count() OVER () AS total
     FROM (
       SELECT *, duration AS longest, status = 2 AS failed FROM spans WHERE ${arrivedIn} AND ${where}
       ORDER BY start LIMIT 1 BY trace_id, span_id
     )${having === '' ? '' : ` WHERE ${having}`}
     ORDER BY cityHash64(trace_id), span_id LIMIT {limit:UInt32}`,
    { ...parameters, ...secondParameters(seconds), limit },
    options,
  )
  return { rows, shown: rows.length, total: Number(rows[0]?.total ?? 0) }
}

function secondParameters(seconds: readonly number[]) {
  return { seconds, firstSecond: Math.min(...seconds), lastSecond: Math.max(...seconds) }
}

const arrivedBetween =
  'received >= toDateTime({firstSecond:UInt32}) AND received <= toDateTime({lastSecond:UInt32})'
const arrivedIn = `${arrivedBetween} AND toUnixTimestamp(received) IN {seconds:Array(UInt32)}`
