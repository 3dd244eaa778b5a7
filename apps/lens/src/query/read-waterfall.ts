/**
 * Reads a trace as its waterfall is drawn. The engine answers with columns: 100,000 rows of objects would take a second to read alone, and most of what
 * they say would be attributes that nobody looks at. They are put in order here, where only their starts are moved. Few expressions: each takes up to a
 * millisecond to plan, of the ten that a small trace takes.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { type NamedTexts, type NativeColumns, textAt } from '../store/native/read-columns.ts'
import { type LinkedSpans, linkSpans } from './link-spans.ts'
import { saidColumn, saidOfSpans } from './said-of-spans.ts'
import { spansOfPlace, withPlace } from './trace-ids.ts'

const mostEvents = 100

const statement = `${withPlace}
  SELECT span_id, parent_span_id, start, duration, name, kind, status, status_message, service, tenant, user,
    ${saidColumn} AS said,
    arrayFirst(a -> startsWith(a, 'exception.message:'),
      arrayFlatten(if(status = 2 AND status_message = '', events, []))) AS exception,
    arrayMap(e -> toUInt64OrZero(splitByChar(' ', e[1])[1]), arraySlice(events, 1, ${mostEvents})) AS event_times,
    arrayMap(l -> l[1], links) AS links_to,
    dropped_attributes + dropped_events + dropped_links > 0 AS is_dropped
  FROM spans PREWHERE ${spansOfPlace}`

/** By row, as they came. */
export interface WaterfallRows {
  /** Which of the rows, each span once, by start. */
  readonly linked: LinkedSpans
  /** Of the earliest span that has a start; 0 when none has. */
  readonly originUnixNano: bigint
  /** Nanoseconds since the origin; -1 without a start. */
  readonly starts: Float64Array
  readonly durations: Float64Array
  /** `idBytes` each. */
  readonly spanIds: Uint8Array
  readonly parentSpanIds: Uint8Array
  readonly kinds: ArrayLike<number>
  readonly statuses: ArrayLike<number>
  readonly names: NamedTexts
  readonly services: NamedTexts
  readonly tenants: NamedTexts
  readonly users: NamedTexts
  readonly messages: readonly string[]
  readonly callees: NamedTexts
  readonly operations: NamedTexts
  /** Unix nanoseconds. */
  readonly eventTimes: readonly (readonly bigint[])[]
  /** Ids of spans of the same trace. */
  readonly links: readonly (readonly string[])[]
  readonly isDropped: ArrayLike<number>
}

/** Undefined when the trace is not stored. */
export async function readWaterfall(
  engine: StoreEngine,
  traceId: string,
  options?: QueryOptions,
): Promise<WaterfallRows | undefined> {
  const columns = await engine.columns(statement, { id: traceId }, options)
  return columns.rows === 0 ? undefined : waterfallRows(traceId, columns)
}

function waterfallRows(traceId: string, columns: NativeColumns): WaterfallRows {
  const spanIds = columns.bytes('span_id')
  const parentSpanIds = columns.bytes('parent_span_id')
  const originUnixNano = earliest(columns.bigints('start'))
  const since = columns.doubles('start', originUnixNano)
  // 0 is no time: of what came without a start, nothing is known but that.
  const starts = since.map((start) => (start < 0 ? -1 : start))
  const names = columns.named('name')
  const { callees, operations, errorTypes } = saidOfSpans(names, columns.named('said'))
  const statuses = columns.numbers('status')
  const exceptions = columns.texts('exception')
  const hasFailed = (row: number) => statuses[row] === 2
  return {
    linked: linkSpans(starts, spanIds, parentSpanIds),
    originUnixNano,
    starts,
    durations: columns.doubles('duration'),
    spanIds,
    parentSpanIds,
    kinds: columns.numbers('kind'),
    statuses,
    names,
    services: columns.named('service'),
    tenants: columns.named('tenant'),
    users: columns.named('user'),
    messages: columns
      .texts('status_message')
      .map((message, row) =>
        message === '' && hasFailed(row) ? textOf(exceptions[row]!) || textAt(errorTypes, row) : message,
      ),
    callees,
    operations,
    eventTimes: columns.bigintLists('event_times'),
    links: columns.textLists('links_to').map((heads) => linkedWithin(traceId, heads)),
    isDropped: columns.numbers('is_dropped'),
  }
}

/** Of a token `exception.message:t=text`. */
function textOf(exception: string): string {
  return exception.slice('exception.message:s='.length)
}

/** `heads` begin with the ids of a trace and a span. */
function linkedWithin(traceId: string, heads: readonly string[]): readonly string[] {
  if (heads.length === 0) return heads
  return heads.flatMap((head) => {
    const [trace, span = ''] = head.split(' ', 2)
    return trace === traceId ? [span] : []
  })
}

function earliest(starts: BigUint64Array | BigInt64Array): bigint {
  let low = 0n
  for (let row = 0; row < starts.length; row++) {
    const start = starts[row]!
    if (start !== 0n && (low === 0n || start < low)) low = start
  }
  return low
}
