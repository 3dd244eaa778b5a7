/** The stored spans of a trace as the contract shows them, resources and scopes listed once. */

import type { StoredResource, StoredScope } from '../store/resource-blob.ts'
import type { StoredEvent, StoredLink, StoredSpan } from '../store/stored-span.ts'
import { attributeView } from './attribute-value.ts'
import type {
  EventView,
  LinkView,
  ResourceView,
  ScopeView,
  SpanKind,
  SpanView,
  TraceResponse,
} from './contract.ts'

export const spanKinds: readonly SpanKind[] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]

export const spanStatuses: readonly SpanView['status'][] = ['unset', 'ok', 'error']

export function traceView(traceId: string, spans: readonly StoredSpan[]): TraceResponse {
  const resources = new Listed<StoredResource, ResourceView>()
  const scopes = new Listed<StoredScope, ScopeView>()
  const views = spans.map((span) =>
    spanView(
      span,
      resources.index(span.resource, () => resourceView(span)),
      scopes.index(span.scope, () => scopeView(span.scope)),
    ),
  )
  return { traceId, spans: views, resources: resources.values, scopes: scopes.values }
}

/** Numbers things in the order of their first sight. */
export class Listed<Key, Value> {
  readonly values: Value[] = []
  readonly #indexes = new Map<Key, number>()

  index(key: Key, value: () => Value): number {
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    this.#indexes.set(key, this.values.length)
    return this.values.push(value()) - 1
  }
}

function spanView(span: StoredSpan, resource: number, scope: number): SpanView {
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: spanKinds[span.kind] ?? 'unspecified',
    startUnixNano: span.startUnixNano.toString(),
    durationNano: Math.max(0, Number(span.durationNano)),
    status: spanStatuses[span.status] ?? 'unset',
    statusMessage: span.statusMessage,
    traceState: span.traceState,
    tenant: span.tenant,
    user: span.user,
    resource,
    scope,
    attributes: span.attributes.map(attributeView),
    events: span.events.map(eventView),
    links: span.links.map(linkView),
    droppedAttributes: span.droppedAttributes,
    droppedEvents: span.droppedEvents,
    droppedLinks: span.droppedLinks,
  }
}

function resourceView({ service, resource }: StoredSpan): ResourceView {
  return { service, attributes: resource.attributes.map(attributeView) }
}

function scopeView({ name, version, attributes }: StoredScope): ScopeView {
  return { name, version, attributes: attributes.map(attributeView) }
}

function eventView({ name, timeUnixNano, attributes }: StoredEvent): EventView {
  return { name, timeUnixNano: timeUnixNano.toString(), attributes: attributes.map(attributeView) }
}

function linkView({ traceId, spanId, traceState, attributes }: StoredLink): LinkView {
  return { traceId, spanId, traceState, attributes: attributes.map(attributeView) }
}
