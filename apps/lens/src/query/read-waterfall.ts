/**
 * Reads a trace as its waterfall is drawn. The engine answers with one row of lists: 100,000 rows of objects would take a second to read alone,
 * and most of what they say would be attributes that nobody looks at.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { spansOfPlace, withPlace } from './trace-ids.ts'

const mostEvents = 100

/** The text of an attribute of any type, which is what follows its key, `:`, its type and `=`; empty without it. */
const textOf = (key: string, of = 'attributes') =>
  `substring(arrayFirst(a -> startsWith(a, '${key}:'), ${of}), ${key.length + 4})`

const statement = `${withPlace}
  SELECT toString(origin) AS originUnixNano, spanIds, parentSpanIds,
    arrayMap(s -> if(s = 0, -1, toFloat64(s - origin)), starts) AS starts, durations, names, kinds, statuses, messages,
    services, tenants, users, callees, operations,
    arrayMap(e -> (e.1, arrayMap(t -> toFloat64(toInt64OrZero(t) - toInt64(origin)), e.2)), events) AS events, links, dropped
  FROM (
    SELECT minIf(start, start > 0) AS origin, groupArray(spanId) AS spanIds, groupArray(parentSpanId) AS parentSpanIds,
      groupArray(start) AS starts, groupArray(toFloat64(duration)) AS durations, groupArray(name) AS names,
      groupArray(kind) AS kinds, groupArray(status) AS statuses, groupArray(message) AS messages,
      groupArray(service) AS services, groupArray(tenant) AS tenants, groupArray(user) AS users,
      groupArray(callee) AS callees, groupArray(operation) AS operations,
      groupArrayIf((spanId, eventTimes), notEmpty(eventTimes)) AS events,
      groupArrayIf((spanId, linked), notEmpty(linked)) AS links,
      groupArrayIf(spanId, isDropped) AS dropped
    FROM (
      SELECT lower(hex(span_id)) AS spanId, if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))) AS parentSpanId,
        start, duration, toString(name) AS name, kind, status, toString(service) AS service, toString(tenant) AS tenant,
        toString(user) AS user,
        multiIf(status != 2 OR status_message != '', status_message,
          arrayExists(e -> arrayExists(a -> startsWith(a, 'exception.message:'), e), events),
          ${textOf('exception.message', "arrayFirst(e -> arrayExists(a -> startsWith(a, 'exception.message:'), e), events)")},
          ${textOf('error.type')}) AS message,
        if(NOT match(name, '^[A-Z]{2,10}$'), '', multiIf(
          position(${textOf('url.full')}, '://') > 0, ${textOf('url.full')},
          arrayExists(a -> startsWith(a, 'db.'), attributes), ${textOf('db.collection.name')},
          ${textOf('server.address')})) AS callee,
        if(arrayExists(a -> startsWith(a, 'graphql.operation.type:') OR startsWith(a, 'graphql.operation.name:'), attributes),
          if(${textOf('graphql.operation.name')} = '', toString(name),
            trimLeft(concat(${textOf('graphql.operation.type')}, ' ', ${textOf('graphql.operation.name')}))), '') AS operation,
        arrayMap(e -> splitByChar(' ', e[1])[1], arraySlice(events, 1, ${mostEvents})) AS eventTimes,
        arrayMap(l -> splitByChar(' ', l[1])[2], arrayFilter(l -> startsWith(l[1], {id:String}), links)) AS linked,
        dropped_attributes + dropped_events + dropped_links > 0 AS isDropped
      FROM spans WHERE ${spansOfPlace} ORDER BY start, span_id LIMIT 1 BY span_id
    )
  )`

/** Lists by span are of one length, sorted by start. */
export interface WaterfallRow {
  readonly originUnixNano: string
  readonly spanIds: readonly string[]
  readonly parentSpanIds: readonly string[]
  readonly starts: readonly number[]
  readonly durations: readonly number[]
  readonly names: readonly string[]
  readonly kinds: readonly number[]
  readonly statuses: readonly number[]
  readonly messages: readonly string[]
  readonly services: readonly string[]
  readonly tenants: readonly string[]
  readonly users: readonly string[]
  readonly callees: readonly string[]
  readonly operations: readonly string[]
  /** Of spans that have any: their id, and what they have. */
  readonly events: readonly (readonly [spanId: string, times: readonly number[]])[]
  readonly links: readonly (readonly [spanId: string, linked: readonly string[]])[]
  readonly dropped: readonly string[]
}

/** Undefined when the trace is not stored. */
export async function readWaterfall(
  engine: StoreEngine,
  traceId: string,
  options?: QueryOptions,
): Promise<WaterfallRow | undefined> {
  const { rows } = await engine.query<WaterfallRow>(statement, { id: traceId }, options)
  const [row] = rows
  return row === undefined || row.spanIds.length === 0 ? undefined : row
}
