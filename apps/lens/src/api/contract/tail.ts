/**
 * Live tail: GET /api/lens/tail, server-sent events. What arrives and matches is shown within some two seconds, whichever Lens of a cluster took it.
 *
 * | event     | data          | |
 * |-----------|---------------|-|
 * | `open`    | TailOpen      | once, first |
 * | `trace`   | TraceSummary  | matching spans of it arrived: again when more do, so that the newer replaces the older |
 * | `span`    | TailSpan      | with `unit=spans`, once each |
 * | `skipped` | TailSkipped   | matching spans that no event tells of |
 * | `end`     | TailEnd       | the last one |
 *
 * A comment keeps a quiet stream open, every 15 seconds. An event's id is the second (Unix time of arrival) up to which all was told. A client that
 * comes back with it as `Last-Event-ID` goes on from there, up to 5 minutes back; without it, a tail begins now. After a break, at most three seconds'
 * worth of traces are sent and the rest is counted as skipped. 429 and 503 are Problems, as for any other request: there are as many tails
 * as there may be, of this client or of all.
 */

import type { SearchQuery } from './search.ts'
import type { SpanKind } from './trace.ts'

/** Fields of a search but its time range: `lookback` (default 1 h) says how long ago a span may have begun. */
export interface TailQuery extends Omit<SearchQuery, 'start' | 'end' | 'limit'> {
  /** Default `traces`. Conditions on a trace are about its spans that arrived together; with `spans`, about each by itself. */
  readonly unit?: 'traces' | 'spans'
  /** Traces or spans a second, 1 to 100, default 20. Beyond it they are sampled by the hash of the trace id, so that traces are whole. */
  readonly rate?: number
}

export interface TailOpen {
  readonly unit: 'traces' | 'spans'
  readonly rate: number
  /** Unix seconds; what arrives afterwards is told. */
  readonly after: number
}

export interface TailSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root span. */
  readonly parentSpanId: string
  readonly tenant: string
  readonly user: string
  readonly service: string
  readonly name: string
  readonly kind: SpanKind
  readonly status: 'unset' | 'ok' | 'error'
  readonly statusMessage: string
  readonly startUnixNano: string
  readonly durationNano: number
}

export interface TailSkipped {
  /** Matching spans; null when they were not counted. */
  readonly spans: number | null
  /** More than `rate`; the client did not read; it came back after more than 5 minutes; the question takes too long, so that it should be narrowed. */
  readonly reason: 'rate' | 'reader' | 'gap' | 'limit'
}

export interface TailEnd {
  /** Lens stops; the token or the session is no longer valid, or sees other tenants now; Lens failed, and its log says why. */
  readonly reason: 'shutdown' | 'access' | 'failure'
}
