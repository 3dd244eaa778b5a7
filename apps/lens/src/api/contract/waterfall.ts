/**
 * A trace as it is drawn, and a span of it whole: GET /api/lens/traces/{traceId}/waterfall, …/spans/{spanId} and …/matches. What a waterfall of 100,000
 * spans needs is a tenth of what the spans hold, and columns of it are read ten times as fast as objects.
 */

/** GET /api/lens/traces/{traceId}/waterfall; 404 with a Problem when it is not stored. Lists by span are of one length, sorted by start. */
export interface WaterfallResponse {
  readonly traceId: string
  /** The earliest start. */
  readonly originUnixNano: string
  /** 16 hex digits each, one after the other: no two are the same. */
  readonly spanIds: string
  /** The index of the parent, which may be the span's own or a later one; -1 of a root, and where the parent is not stored. */
  readonly parents: readonly number[]
  /** Those that are not stored, by the index of the span that has them. */
  readonly missingParents: readonly { readonly span: number; readonly parentSpanId: string }[]
  /** Nanoseconds after the origin; negative for a span that came without a start. */
  readonly starts: readonly number[]
  readonly durations: readonly number[]
  readonly name: TextColumn
  /** Values are those of SpanKind. */
  readonly kind: TextColumn
  /** `unset`, `ok` or `error`. */
  readonly status: TextColumn
  /** The status's; of a failed span without one its exception's, or else its error.type. */
  readonly message: TextColumn
  readonly service: TextColumn
  readonly tenant: TextColumn
  readonly user: TextColumn
  /** Of spans named by a method alone, as `GET` or `SELECT` is: the address, the table or the host that was called. */
  readonly callee: TextColumn
  /** Of GraphQL, as `query Cart`. */
  readonly operation: TextColumn
  /** Of the first 100 events of each span that has any: nanoseconds after the origin. */
  readonly events: readonly { readonly span: number; readonly times: readonly number[] }[]
  /** Those within the trace, by the index of the span that has them. */
  readonly links: readonly { readonly span: number; readonly spanId: string }[]
  /** Indexes of spans that lost attributes, events or links to a limit at their sender. */
  readonly dropped: readonly number[]
}

/** A text by span: each value once. */
export interface TextColumn {
  readonly values: readonly string[]
  /** By span: the place in `values`. Empty where all have the first. */
  readonly index: readonly number[]
}

/**
 * GET /api/lens/traces/{traceId}/matches?text=: the spans of a trace whose name, status message, attributes or events hold every word, in any case. At
 * most 10,000 are told. `key=value` finds an attribute whose text begins so.
 */
export interface SpanMatchesResponse {
  /** By start. */
  readonly spanIds: readonly string[]
  readonly total: number
}
