/**
 * Reads a trace as its waterfall is drawn. The engine answers with columns: 100,000 rows of objects would take a second to read alone, and most of what
 * they say would be attributes that nobody looks at. They are put in order here, where only their starts are moved.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import type { NamedTexts, NativeColumns } from '../store/native/read-columns.ts'
import { mergeRuns } from './merge-runs.ts'
import { spansOfPlace, withPlace } from './trace-ids.ts'

const mostEvents = 100

/** The text of an attribute of any type, which is what follows its key, `:`, its type and `=`; empty without it. */
const textOf = (key: string, of = 'attributes') =>
  `substring(arrayFirst(a -> startsWith(a, '${key}:'), ${of}), ${key.length + 4})`

const statement = `${withPlace}
  SELECT span_id, parent_span_id, start, duration, name, kind, status, service, tenant, user,
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
    arrayMap(e -> toUInt64OrZero(splitByChar(' ', e[1])[1]), arraySlice(events, 1, ${mostEvents})) AS event_times,
    arrayMap(l -> splitByChar(' ', l[1])[2], arrayFilter(l -> startsWith(l[1], {id:String}), links)) AS linked,
    dropped_attributes + dropped_events + dropped_links > 0 AS is_dropped
  FROM spans WHERE ${spansOfPlace}`

/** By row, as they came: `order` says which rows, each span once, by start. */
export interface WaterfallRows {
  readonly order: Uint32Array
  /** Of the earliest span that has a start; 0 when none has. */
  readonly originUnixNano: bigint
  /** Nanoseconds since the origin; -1 without a start. */
  readonly starts: Float64Array
  readonly durations: Float64Array
  /** 16 hex digits. */
  readonly spanIds: readonly string[]
  /** Empty without a parent. */
  readonly parentSpanIds: readonly string[]
  readonly kinds: ArrayLike<number>
  readonly statuses: ArrayLike<number>
  readonly names: NamedTexts
  readonly services: NamedTexts
  readonly tenants: NamedTexts
  readonly users: NamedTexts
  readonly messages: readonly string[]
  readonly callees: readonly string[]
  readonly operations: readonly string[]
  /** Unix nanoseconds. */
  readonly eventTimes: readonly (readonly bigint[])[]
  /** Ids of spans of the same trace. */
  readonly linked: readonly (readonly string[])[]
  readonly isDropped: ArrayLike<number>
}

/** Undefined when the trace is not stored. */
export async function readWaterfall(
  engine: StoreEngine,
  traceId: string,
  options?: QueryOptions,
): Promise<WaterfallRows | undefined> {
  const columns = await engine.columns(statement, { id: traceId }, options)
  return columns.rows === 0 ? undefined : waterfallRows(columns)
}

function waterfallRows(columns: NativeColumns): WaterfallRows {
  const spanIds = columns.hex('span_id')
  const originUnixNano = earliest(columns.bigints('start'))
  const since = columns.doubles('start', originUnixNano)
  // 0 is no time: of what came without a start, nothing is known but that.
  const starts = since.map((start) => (start < 0 ? -1 : start))
  return {
    order: inOrder(starts, spanIds, columns.isDistinct('span_id')),
    originUnixNano,
    starts,
    durations: columns.doubles('duration'),
    spanIds,
    parentSpanIds: columns.hex('parent_span_id').map((id) => (id === noParent ? '' : id)),
    kinds: columns.numbers('kind'),
    statuses: columns.numbers('status'),
    names: columns.named('name'),
    services: columns.named('service'),
    tenants: columns.named('tenant'),
    users: columns.named('user'),
    messages: columns.texts('message'),
    callees: columns.texts('callee'),
    operations: columns.texts('operation'),
    eventTimes: columns.bigintLists('event_times'),
    linked: columns.textLists('linked'),
    isDropped: columns.numbers('is_dropped'),
  }
}

const noParent = '0'.repeat(16)

function earliest(starts: BigUint64Array | BigInt64Array): bigint {
  let low = 0n
  for (let row = 0; row < starts.length; row++) {
    const start = starts[row]!
    if (start !== 0n && (low === 0n || start < low)) low = start
  }
  return low
}

/** By start and id, those of one id but the first left out. */
function inOrder(starts: Float64Array, spanIds: readonly string[], areDistinct: boolean): Uint32Array {
  const rows = mergeRuns(starts, (a, b) => spanIds[a]! < spanIds[b]!)
  if (areDistinct) return rows
  const seen = new Set<string>()
  return rows.filter((row) => {
    const before = seen.size
    return seen.add(spanIds[row]!).size > before
  })
}
