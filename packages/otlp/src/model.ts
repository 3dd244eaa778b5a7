/**
 * OTLP traces and logs as plain values: what the decoders return. Mirrors opentelemetry/proto/{trace,logs}/v1, with lists never absent
 * and ids as bytes.
 */

/**
 * An AnyValue. `int_value` is a bigint and `double_value` a number, so that the two stay apart; a kvlist is a KeyValueList,
 * an AnyValue with no field set is undefined.
 */
export type AnyValue =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly AnyValue[]
  | KeyValueList
  | undefined

export class KeyValueList {
  readonly values: readonly KeyValue[]

  constructor(values: readonly KeyValue[]) {
    this.values = values
  }
}

export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

export interface TraceRequest {
  readonly resourceSpans: readonly ResourceSpans[]
}

export interface ResourceSpans {
  readonly resource: Resource
  readonly scopeSpans: readonly ScopeSpans[]
  readonly schemaUrl: string
}

export interface Resource {
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

export interface ScopeSpans {
  readonly scope: Scope
  readonly spans: readonly Span[]
  readonly schemaUrl: string
}

export interface Scope {
  readonly name: string
  readonly version: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

export interface Span {
  /** 16 bytes, or whatever the sender sent: validity is for the receiver to judge. */
  readonly traceId: Uint8Array
  /** 8 bytes. */
  readonly spanId: Uint8Array
  readonly traceState: string
  /** Empty for a root span. */
  readonly parentSpanId: Uint8Array
  /** W3C flags in the low byte; bits 8 and 9 say whether the parent is remote. */
  readonly flags: number
  readonly name: string
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer; unknown values are kept. */
  readonly kind: number
  readonly startTimeUnixNano: bigint
  readonly endTimeUnixNano: bigint
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly events: readonly SpanEvent[]
  readonly droppedEventsCount: number
  readonly links: readonly SpanLink[]
  readonly droppedLinksCount: number
  readonly status: SpanStatus
}

export interface SpanEvent {
  readonly timeUnixNano: bigint
  readonly name: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

export interface SpanLink {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly traceState: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  readonly flags: number
}

export interface SpanStatus {
  readonly message: string
  /** 0 unset, 1 ok, 2 error; unknown values are kept. */
  readonly code: number
}

export interface LogsRequest {
  readonly resourceLogs: readonly ResourceLogs[]
}

export interface ResourceLogs {
  readonly resource: Resource
  readonly scopeLogs: readonly ScopeLogs[]
  readonly schemaUrl: string
}

export interface ScopeLogs {
  readonly scope: Scope
  readonly logRecords: readonly LogRecord[]
  readonly schemaUrl: string
}

export interface LogRecord {
  /** When the event occurred; 0 when the source did not say. */
  readonly timeUnixNano: bigint
  /** When the event was seen by the collection system. */
  readonly observedTimeUnixNano: bigint
  /** 0 unspecified, 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal; unknown values are kept. */
  readonly severityNumber: number
  /** The level as the source calls it. */
  readonly severityText: string
  readonly body: AnyValue
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
  /** W3C trace flags in the low byte. */
  readonly flags: number
  /** 16 bytes, empty when the record belongs to no trace, or whatever the sender sent. */
  readonly traceId: Uint8Array
  /** 8 bytes, or empty. */
  readonly spanId: Uint8Array
  /** What kind of event it is; empty for a record that is no event. */
  readonly eventName: string
}
