/** Which traces there are: what a search takes and answers. */

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
