/** Reads all spans of some traces, each once, sorted by start: what the views of one trace and Jaeger's search answer from. */

import { decodeAttribute } from '../store/attribute-token.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { decodeResource, decodeScope, type StoredResource, type StoredScope } from '../store/resource-blob.ts'
import { decodeEvent, decodeLink, type StoredSpan } from '../store/stored-span.ts'
import { spansOfPlace, withPlace } from './trace-ids.ts'
import { findSpansOf } from './trace-places.ts'

const noParent = '0'.repeat(16)

interface SpanRow {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  readonly name: string
  readonly kind: number
  readonly start: string
  readonly duration: string
  readonly status: number
  readonly statusMessage: string
  readonly tenant: string
  readonly user: string
  readonly service: string
  readonly resource: string
  readonly scope: string
  readonly attributes: readonly string[]
  readonly events: readonly (readonly string[])[]
  readonly links: readonly (readonly string[])[]
  readonly droppedAttributes: number
  readonly droppedEvents: number
  readonly droppedLinks: number
}

const columns = `hex(trace_id) AS traceId, hex(span_id) AS spanId, hex(parent_span_id) AS parentSpanId,
  trace_state AS traceState, flags, name, kind, start, duration, status, status_message AS statusMessage,
  tenant, user, service, resource, scope, attributes, events, links,
  dropped_attributes AS droppedAttributes, dropped_events AS droppedEvents, dropped_links AS droppedLinks`

/** Here and not in SQL they are put in order, and those that were sent twice left out: of a few dozen spans, planning that takes longer than doing it. */
const ofOneTrace = `${withPlace} SELECT ${columns} FROM spans PREWHERE ${spansOfPlace}`

export async function readSpans(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<StoredSpan[]> {
  const rows = distinct(await rowsOf(engine, traceIds, options)).sort(byStart)
  // A trace has few resources and scopes, each on many of its spans: decoded once, and shared.
  const resourceOf = remembering(decodeResource)
  const scopeOf = remembering(decodeScope)
  return rows.map((row) => storedSpan(row, resourceOf(row.resource), scopeOf(row.scope)))
}

/** One span of a trace; undefined when it is not stored. */
export async function readSpan(
  engine: StoreEngine,
  traceId: string,
  spanId: string,
  options?: QueryOptions,
): Promise<StoredSpan | undefined> {
  const { rows } = await engine.query<SpanRow>(
    `${ofOneTrace} AND span_id = unhex({span:String})`,
    { id: traceId, span: spanId },
    options,
  )
  const [row] = distinct(rows)
  return row === undefined ? undefined : storedSpan(row, decodeResource(row.resource), decodeScope(row.scope))
}

async function rowsOf(
  engine: StoreEngine,
  traceIds: readonly string[],
  options: QueryOptions | undefined,
): Promise<readonly SpanRow[]> {
  const [id] = traceIds
  if (id === undefined) return []
  if (traceIds.length === 1) return (await engine.query<SpanRow>(ofOneTrace, { id }, options)).rows
  const spans = await findSpansOf(engine, traceIds, options)
  if (spans === undefined) return []
  const statement = `SELECT ${columns} FROM spans WHERE ${spans.where}`
  return (await engine.query<SpanRow>(statement, spans.parameters, options)).rows
}

/** Of rows that say the same span, the one that began first. */
function distinct(rows: readonly SpanRow[]): SpanRow[] {
  const found = new Map<string, SpanRow>()
  for (const row of rows) {
    const id = row.traceId + row.spanId
    const other = found.get(id)
    if (other === undefined || byStart(row, other) < 0) found.set(id, row)
  }
  return [...found.values()]
}

/** Starts are decimal digits without leading zeros. */
function byStart(a: SpanRow, b: SpanRow): number {
  return a.start.length - b.start.length || compare(a.start, b.start) || compare(a.spanId, b.spanId)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function storedSpan(row: SpanRow, resource: StoredResource, scope: StoredScope): StoredSpan {
  const { start, duration, attributes, events, links, ...rest } = row
  return {
    ...rest,
    traceId: row.traceId.toLowerCase(),
    spanId: row.spanId.toLowerCase(),
    parentSpanId: row.parentSpanId === noParent ? '' : row.parentSpanId.toLowerCase(),
    startUnixNano: BigInt(start),
    durationNano: BigInt(duration),
    resource,
    scope,
    attributes: attributes.map(decodeAttribute),
    events: events.map(decodeEvent),
    links: links.map(decodeLink),
  }
}

function remembering<Value>(decode: (blob: string) => Value): (blob: string) => Value {
  const decoded = new Map<string, Value>()
  return (blob) => {
    const known = decoded.get(blob)
    if (known !== undefined) return known
    const value = decode(blob)
    decoded.set(blob, value)
    return value
  }
}
