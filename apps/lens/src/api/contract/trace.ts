/** A trace, whole. */

import type { Attribute } from './attribute.ts'

/** GET /api/lens/traces/{traceId}: every span, sorted by start; 404 with a Problem when it is not stored. */
export interface TraceResponse {
  readonly traceId: string
  readonly spans: readonly SpanView[]
  readonly resources: readonly ResourceView[]
  readonly scopes: readonly ScopeView[]
}

export interface SpanView {
  readonly spanId: string
  /** Empty for a root span. The parent need not be stored. */
  readonly parentSpanId: string
  readonly name: string
  readonly kind: SpanKind
  readonly startUnixNano: string
  readonly durationNano: number
  readonly status: 'unset' | 'ok' | 'error'
  readonly statusMessage: string
  readonly traceState: string
  readonly tenant: string
  readonly user: string
  /** Indexes into TraceResponse.resources and .scopes. */
  readonly resource: number
  readonly scope: number
  readonly attributes: readonly Attribute[]
  readonly events: readonly EventView[]
  readonly links: readonly LinkView[]
  readonly droppedAttributes: number
  readonly droppedEvents: number
  readonly droppedLinks: number
}

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export interface ResourceView {
  readonly service: string
  readonly attributes: readonly Attribute[]
}

export interface ScopeView {
  readonly name: string
  readonly version: string
  readonly attributes: readonly Attribute[]
}

export interface EventView {
  readonly name: string
  readonly timeUnixNano: string
  readonly attributes: readonly Attribute[]
}

export interface LinkView {
  readonly traceId: string
  readonly spanId: string
  readonly traceState: string
  readonly attributes: readonly Attribute[]
}
