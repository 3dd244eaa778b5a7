/** GET /api/lens/logs and GET /api/lens/traces/{traceId}/logs: log records, found by what they say and by their traces. */

import type { Attribute, AttributeValue } from './attribute.ts'
import type { ResourceView, ScopeView } from './trace.ts'

/** GET /api/lens/logs, in the query string. Absent means "any". Errors: 400 for a bad parameter, 422 for a search beyond its limits. */
export interface LogsQuery {
  readonly tenant?: string
  readonly user?: string
  readonly service?: string
  readonly eventName?: string
  /** The lowest that matches: `trace`, `debug`, `info`, `warn`, `error`, `fatal`, or OTLP's number, 1 to 24. */
  readonly severity?: string
  /**
   * Words that all occur in the body, in any case of ASCII's letters. A word is a whole one, found by an index; with `*` before or behind it
   * (`declin*`), any part of the body, which is read for it.
   */
  readonly text?: string
  /** 32 or 16 hex digits; without `start`, `end` and `lookback`, of any time. */
  readonly traceId?: string
  /** 16 hex digits. */
  readonly spanId?: string
  /** Unix milliseconds; without them, the last `lookback` (default 1 h). */
  readonly start?: number
  readonly end?: number
  /** As `15m`, `6h`, `2d`. */
  readonly lookback?: string
  /** 1 to 1000 records, default 100. */
  readonly limit?: number
  /** `next` of the page before, with the other parameters as they were. */
  readonly cursor?: string
}

export interface LogsResponse {
  /** Newest first. */
  readonly logs: readonly LogView[]
  readonly resources: readonly ResourceView[]
  readonly scopes: readonly ScopeView[]
  /** How many match, on this page and on all others. */
  readonly total: number
  /** False for an estimate, to half a percent, which it is from 65,536. */
  readonly totalIsExact: boolean
  /** The cursor of the next page; null on the last. */
  readonly next: string | null
  readonly tookMs: number
}

/** GET /api/lens/traces/{traceId}/logs?limit=: oldest first; `limit` 1 to 10,000, default 1000. A trace without logs has none: no error. */
export interface TraceLogsResponse {
  readonly traceId: string
  readonly logs: readonly LogView[]
  readonly resources: readonly ResourceView[]
  readonly scopes: readonly ScopeView[]
  /** How many the trace has, of which `logs` shows the oldest. */
  readonly total: number
  readonly totalIsExact: boolean
}

export interface LogView {
  /** By what the record says: one that was sent again is the same. */
  readonly id: string
  /** What it is sorted by. */
  readonly timeUnixNano: string
  /** Whose time that is: the record's own, or when it was observed, or when it arrived, for want of a better one. */
  readonly timeSource: 'sent' | 'observed' | 'received'
  /** `0` when it was not said. */
  readonly observedUnixNano: string
  readonly severity: LogSeverity
  /** OTLP's; 0 when it was not said. */
  readonly severityNumber: number
  /** The level in the source's own words; may be empty. */
  readonly severityText: string
  /** Text, mostly; any value of an attribute, by `bodyType`. */
  readonly body: AttributeValue
  readonly bodyType: Attribute['type']
  /** Empty for a record that is no event. */
  readonly eventName: string
  /** Empty for a record without a trace, or without a span. */
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
  readonly tenant: string
  readonly user: string
  readonly service: string
  /** Indexes into `resources` and `scopes` of the response. */
  readonly resource: number
  readonly scope: number
  readonly attributes: readonly Attribute[]
  readonly droppedAttributes: number
}

export type LogSeverity = 'unspecified' | 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
