/** Reads all spans of some traces, each once, sorted by start: what the views of one trace and Jaeger's search answer from. */

import { decodeAttribute } from '../store/attribute-token.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { decodeResource, decodeScope, type StoredResource, type StoredScope } from '../store/resource-blob.ts'
import { decodeEvent, decodeLink, type StoredSpan } from '../store/stored-span.ts'
import { placesOf, spansOfIds } from './trace-ids.ts'

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

const spanRows = `
  SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
    if(parent_span_id = toFixedString('', 8), '', lower(hex(parent_span_id))) AS parentSpanId,
    trace_state AS traceState, flags, name, kind, start, duration, status, status_message AS statusMessage,
    tenant, user, service, resource, scope, attributes, events, links,
    dropped_attributes AS droppedAttributes, dropped_events AS droppedEvents, dropped_links AS droppedLinks
  FROM spans WHERE ${spansOfIds}
  ORDER BY start, span_id LIMIT 1 BY trace_id, span_id`

export async function readSpans(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<StoredSpan[]> {
  if (traceIds.length === 0) return []
  const places = await placesOf(engine, traceIds, options)
  if (places === undefined) return []
  const { rows } = await engine.query<SpanRow>(spanRows, places, options)
  // A trace has few resources and scopes, each on many of its spans: decoded once, and shared.
  const resourceOf = remembering(decodeResource)
  const scopeOf = remembering(decodeScope)
  return rows.map((row) => storedSpan(row, resourceOf(row.resource), scopeOf(row.scope)))
}

function storedSpan(row: SpanRow, resource: StoredResource, scope: StoredScope): StoredSpan {
  const { start, duration, attributes, events, links, ...rest } = row
  return {
    ...rest,
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
