/** Spans of a request as the store would give them back, without storing them. For what is shown and not kept, as Jaeger's transformation of a file. */

import type { ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, TraceRequest } from '@rustok/otlp'
import type { StoredResource, StoredScope } from './resource-blob.ts'
import { resourceContext } from './span-context.ts'
import type { StoredEvent, StoredLink, StoredSpan } from './stored-span.ts'

/** In the order in which they stand. Ids are shown as they are, whether valid or not. */
export function storedSpansOf({ resourceSpans }: TraceRequest): StoredSpan[] {
  return resourceSpans.flatMap((ofResource) => {
    const { service, tenant, user } = resourceContext(ofResource)
    const resource = storedResource(ofResource)
    return ofResource.scopeSpans.flatMap((ofScope) => {
      const shared = { service, tenant, user, resource, scope: storedScope(ofScope) }
      return ofScope.spans.map((span) => ({ ...storedSpan(span), ...shared }))
    })
  })
}

function storedResource({ resource, schemaUrl }: ResourceSpans): StoredResource {
  const { attributes, droppedAttributesCount } = resource
  return { attributes, droppedAttributes: droppedAttributesCount, schemaUrl }
}

function storedScope({ scope, schemaUrl }: ScopeSpans): StoredScope {
  const { name, version, attributes, droppedAttributesCount } = scope
  return { name, version, attributes, droppedAttributes: droppedAttributesCount, schemaUrl }
}

function storedSpan(span: Span): Omit<StoredSpan, 'service' | 'tenant' | 'user' | 'resource' | 'scope'> {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startUnixNano: span.startTimeUnixNano,
    durationNano: span.endTimeUnixNano - span.startTimeUnixNano,
    status: span.status.code,
    statusMessage: span.status.message,
    attributes: span.attributes,
    events: span.events.map(storedEvent),
    links: span.links.map(storedLink),
    droppedAttributes: span.droppedAttributesCount,
    droppedEvents: span.droppedEventsCount,
    droppedLinks: span.droppedLinksCount,
  }
}

function storedEvent({ timeUnixNano, name, attributes, droppedAttributesCount }: SpanEvent): StoredEvent {
  return { timeUnixNano, name, attributes, droppedAttributes: droppedAttributesCount }
}

function storedLink({ traceId, spanId, ...link }: SpanLink): StoredLink {
  return {
    traceId: hex(traceId),
    spanId: hex(spanId),
    flags: link.flags,
    traceState: link.traceState,
    attributes: link.attributes,
    droppedAttributes: link.droppedAttributesCount,
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
