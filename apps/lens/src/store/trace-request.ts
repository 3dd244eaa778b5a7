/** Stored spans back in the OTLP model, grouped by resource and scope as they were sent: what Jaeger's v3 API and downloads answer with. */

import type { ResourceSpans, Scope, ScopeSpans, Span, SpanEvent, SpanLink, TraceRequest } from '@rustok/otlp'
import type { StoredResource, StoredScope } from './resource-blob.ts'
import type { StoredEvent, StoredLink, StoredSpan } from './stored-span.ts'

interface Group {
  readonly resource: StoredResource
  readonly scopes: Map<StoredScope, Span[]>
}

/**
 * Resources in the order of their first span, then scopes, then spans as they come. Spans share a resource when they hold the same object, as those
 * of one `readSpans` do.
 */
export function traceRequestOf(spans: readonly StoredSpan[]): TraceRequest {
  const groups = new Map<StoredResource, Group>()
  for (const span of spans) {
    const { resource, scope } = span
    let group = groups.get(resource)
    if (group === undefined) {
      group = { resource, scopes: new Map() }
      groups.set(resource, group)
    }
    const siblings = group.scopes.get(scope)
    if (siblings === undefined) group.scopes.set(scope, [otlpSpan(span)])
    else siblings.push(otlpSpan(span))
  }
  return { resourceSpans: [...groups.values()].map(resourceSpans) }
}

function resourceSpans({ resource, scopes }: Group): ResourceSpans {
  const { attributes, droppedAttributes, schemaUrl } = resource
  return {
    resource: { attributes, droppedAttributesCount: droppedAttributes },
    schemaUrl,
    scopeSpans: [...scopes].map(([scope, spans]) => scopeSpans(scope, spans)),
  }
}

function scopeSpans(stored: StoredScope, spans: readonly Span[]): ScopeSpans {
  const { name, version, attributes, droppedAttributes, schemaUrl } = stored
  const scope: Scope = { name, version, attributes, droppedAttributesCount: droppedAttributes }
  return { scope, schemaUrl, spans }
}

function otlpSpan(span: StoredSpan): Span {
  return {
    traceId: bytes(span.traceId),
    spanId: bytes(span.spanId),
    traceState: span.traceState,
    parentSpanId: bytes(span.parentSpanId),
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: span.startUnixNano,
    // The store keeps the difference in 64 bits; it wraps as the times did.
    endTimeUnixNano: BigInt.asUintN(64, span.startUnixNano + span.durationNano),
    attributes: span.attributes,
    droppedAttributesCount: span.droppedAttributes,
    events: span.events.map(otlpEvent),
    droppedEventsCount: span.droppedEvents,
    links: span.links.map(otlpLink),
    droppedLinksCount: span.droppedLinks,
    status: { message: span.statusMessage, code: span.status },
  }
}

function otlpEvent({ timeUnixNano, name, attributes, droppedAttributes }: StoredEvent): SpanEvent {
  return { timeUnixNano, name, attributes, droppedAttributesCount: droppedAttributes }
}

function otlpLink({
  traceId,
  spanId,
  traceState,
  flags,
  attributes,
  droppedAttributes,
}: StoredLink): SpanLink {
  return {
    traceId: bytes(traceId),
    spanId: bytes(spanId),
    traceState,
    flags,
    attributes,
    droppedAttributesCount: droppedAttributes,
  }
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
