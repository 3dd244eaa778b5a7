import type { FacetField, Sample } from './contract/counts.ts'

/**
 * Lens's own query API, as types: what the web UI (and nothing else) imports from the backend.
 * The Jaeger-compatible routes are described by Jaeger; these answer what Jaeger's cannot: tenants, totals, text.
 *
 * Times are Unix nanoseconds in decimal strings (they do not fit a JSON number); durations are nanoseconds in
 * numbers (exact up to 104 days). Trace ids are 32, span ids 16 lower-case hex digits.
 */

/** GET /api/lens/search, in the query string. Absent means "any". `limit` counts traces. */
export interface SearchQuery {
  readonly tenant?: string
  readonly user?: string
  readonly service?: string
  readonly operation?: string
  /** `error`: a matching span failed. `ok`: none did. */
  readonly status?: 'error' | 'ok'
  /** Of the trace's longest matching span, as `150ms`, `1.5s`, `2m`. */
  readonly minDuration?: string
  readonly maxDuration?: string
  /** Words looked for in span names, attribute values, event names and status messages, in any case. */
  readonly text?: string
  /** In the query language, docs/QUERY_LANGUAGE.md: `{ service = checkout and status = error } and trace.duration > 2s`. */
  readonly query?: string
  /** Unix milliseconds; without them, the last `lookback` (default 1 h). */
  readonly start?: number
  readonly end?: number
  /** As `15m`, `6h`, `2d`. */
  readonly lookback?: string
  /** 1 to 1000, default 50. */
  readonly limit?: number
  /**
   * Of the traces: `newest` (the default) by when their first matching span began, `longest` by their longest matching span, `errors` and
   * `spans` by how many matching spans failed or there are. Equals are ordered newest first, then by id.
   */
  readonly order?: TraceOrder
  /** SearchResponse.nextCursor, with the other fields as they were: the next page, of the same time range. */
  readonly cursor?: string
}

export type TraceOrder = 'newest' | 'longest' | 'errors' | 'spans'

export interface SearchResponse {
  readonly traces: readonly TraceSummary[]
  readonly order: TraceOrder
  /** How many traces match, of which `traces` shows the first in order; on later pages, what the first said. */
  readonly total: number
  /** False: at least so many. */
  readonly totalIsExact: boolean
  /**
   * Absent on the last page. Traces that arrive between pages move nothing; one shows twice if an earlier or a longer matching span of it
   * arrives between them.
   */
  readonly nextCursor?: string
  /** Traces in the store in the same time range, whatever the other fields: counted when none matches, else `total`. */
  readonly stored: number
  /** False: to within a percent when none matches, else at least so many. */
  readonly storedIsExact: boolean
  readonly tookMs: number
}

export interface TraceSummary {
  readonly traceId: string
  readonly rootService: string
  /** Name of the root span; of the earliest span when the root is not stored. */
  readonly rootName: string
  readonly rootMissing: boolean
  /** Name of the first span of a GraphQL operation, which says what `POST /graphql` does not; empty without one. */
  readonly operation: string
  readonly startUnixNano: string
  readonly durationNano: number
  readonly spanCount: number
  readonly errorCount: number
  /** Distinct values on the trace's spans; usually one each. */
  readonly tenants: readonly string[]
  readonly users: readonly string[]
  readonly services: readonly {
    readonly name: string
    readonly spanCount: number
    readonly errorCount: number
  }[]
}

/**
 * GET /api/lens/facets takes a SearchQuery and `fields`: which to count, separated by commas, each a name of FacetField.field; without it,
 * the six that have one. Counts are of traces, largest first, each field's without its own condition: what choosing the value would find.
 */
export interface FacetsResponse {
  /** In the order of `fields`. The lists below repeat those of tenant, service, operation, user, status and kind; empty if not asked for. */
  readonly fields: readonly FacetField[]
  readonly tenants: readonly FacetValue[]
  readonly services: readonly FacetValue[]
  readonly operations: readonly FacetValue[]
  readonly users: readonly FacetValue[]
  readonly statuses: readonly FacetValue[]
  readonly kinds: readonly FacetValue[]
  /** True for a field with more values than were returned. */
  readonly truncated: readonly ('tenants' | 'services' | 'operations' | 'users')[]
  readonly sample: Sample
}

export interface FacetValue {
  readonly value: string
  readonly count: number
}

/** GET /api/lens/histogram takes a SearchQuery: traces per time bucket, for the strip above the results. */
export interface HistogramResponse {
  readonly bucketMs: number
  readonly buckets: readonly {
    readonly startMs: number
    readonly count: number
    readonly errorCount: number
  }[]
  readonly sample: Sample
}

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

/** `int` values beyond ±(2^53-1) are decimal strings; `bytes` are base64; arrays and kvlists hold Attribute values. */
export interface Attribute {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int' | 'double' | 'bytes' | 'array' | 'kvlist' | 'empty'
  readonly value: AttributeValue
}

export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }

/** Every error of this API: RFC 9457 problem details. `parameter` names what was wrong in the query string. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly parameter?: string
  /** Where in the parameter's text, in UTF-16 code units: `column` from 1, `length` 0 where something is missing at the end. */
  readonly position?: { readonly column: number; readonly length: number }
}

export type * from './contract/compare.ts'
export type * from './contract/counts.ts'
export type * from './contract/endpoints.ts'
export type * from './contract/logs.ts'
export type * from './contract/map.ts'
export type * from './contract/otlp.ts'
export type * from './contract/services.ts'
export type * from './contract/session.ts'
export type * from './contract/tail.ts'
export type * from './contract/tenants.ts'
export type * from './contract/trace-anatomy.ts'
export type * from './contract/waterfall.ts'
