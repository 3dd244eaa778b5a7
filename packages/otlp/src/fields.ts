/**
 * Field numbers and wire types of every message in an OTLP export of traces and logs, to be read beside the .proto files. One object per
 * message in the order of the .proto, each field with its number and, behind it, its protobuf type. The encoders and the
 * decoders take their numbers from here alone.
 *
 * Sources: opentelemetry-proto 1.11 (common, resource, trace, logs, collector/{trace,logs}), google/rpc/{status,error_details}.proto.
 */

/** https://protobuf.dev/programming-guides/encoding/#structure; 3 and 4 are groups, which only a skipping reader meets. */
export const WireType = {
  varint: 0, // int32, int64, uint32, uint64, bool, enum
  fixed64: 1, // fixed64, sfixed64, double
  bytes: 2, // string, bytes, message, packed repeated
  startGroup: 3,
  endGroup: 4,
  fixed32: 5, // fixed32, sfixed32, float
} as const

/** The number that stands before a field on the wire: `tag(SpanField.traceId, WireType.bytes)` is 0x0a. */
export function tag(field: number, wireType: number): number {
  return ((field << 3) | wireType) >>> 0
}

// opentelemetry/proto/common/v1/common.proto

/**
 * A oneof: the last field on the wire wins, and no field is an empty value. Number 8, string_value_strindex, belongs to the
 * profiles signal; a trace receiver treats it as absent, and KeyValue's 3, key_strindex, too.
 */
export const AnyValueField = {
  stringValue: 1, // string
  boolValue: 2, // bool
  intValue: 3, // int64
  doubleValue: 4, // double
  arrayValue: 5, // ArrayValue
  kvlistValue: 6, // KeyValueList
  bytesValue: 7, // bytes
} as const

export const ArrayValueField = {
  values: 1, // repeated AnyValue
} as const

export const KeyValueListField = {
  values: 1, // repeated KeyValue
} as const

export const KeyValueField = {
  key: 1, // string
  value: 2, // AnyValue
} as const

export const ScopeField = {
  name: 1, // string
  version: 2, // string
  attributes: 3, // repeated KeyValue
  droppedAttributesCount: 4, // uint32
} as const

// opentelemetry/proto/resource/v1/resource.proto

/** Number 3, entity_refs, is in development and repeats what the attributes say: not read. */
export const ResourceField = {
  attributes: 1, // repeated KeyValue
  droppedAttributesCount: 2, // uint32
} as const

// opentelemetry/proto/trace/v1/trace.proto

export const ResourceSpansField = {
  resource: 1, // Resource
  scopeSpans: 2, // repeated ScopeSpans
  schemaUrl: 3, // string
} as const

export const ScopeSpansField = {
  scope: 1, // InstrumentationScope
  spans: 2, // repeated Span
  schemaUrl: 3, // string
} as const

export const SpanField = {
  traceId: 1, // bytes
  spanId: 2, // bytes
  traceState: 3, // string
  parentSpanId: 4, // bytes
  flags: 16, // fixed32
  name: 5, // string
  kind: 6, // SpanKind
  startTimeUnixNano: 7, // fixed64
  endTimeUnixNano: 8, // fixed64
  attributes: 9, // repeated KeyValue
  droppedAttributesCount: 10, // uint32
  events: 11, // repeated Event
  droppedEventsCount: 12, // uint32
  links: 13, // repeated Link
  droppedLinksCount: 14, // uint32
  status: 15, // Status
} as const

export const SpanEventField = {
  timeUnixNano: 1, // fixed64
  name: 2, // string
  attributes: 3, // repeated KeyValue
  droppedAttributesCount: 4, // uint32
} as const

export const SpanLinkField = {
  traceId: 1, // bytes
  spanId: 2, // bytes
  traceState: 3, // string
  attributes: 4, // repeated KeyValue
  droppedAttributesCount: 5, // uint32
  flags: 6, // fixed32
} as const

/** Number 1 was a deprecated code and is reserved. */
export const SpanStatusField = {
  message: 2, // string
  code: 3, // StatusCode
} as const

/** enum SpanKind */
export const SpanKind = {
  SPAN_KIND_UNSPECIFIED: 0,
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: 3,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: 5,
} as const

/** enum Status.StatusCode */
export const StatusCode = {
  STATUS_CODE_UNSET: 0,
  STATUS_CODE_OK: 1,
  STATUS_CODE_ERROR: 2,
} as const

/** enum SpanFlags: masks over Span.flags and Link.flags */
export const SpanFlags = {
  SPAN_FLAGS_TRACE_FLAGS_MASK: 0xff,
  SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK: 0x100,
  SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK: 0x200,
} as const

// opentelemetry/proto/logs/v1/logs.proto

export const ResourceLogsField = {
  resource: 1, // Resource
  scopeLogs: 2, // repeated ScopeLogs
  schemaUrl: 3, // string
} as const

export const ScopeLogsField = {
  scope: 1, // InstrumentationScope
  logRecords: 2, // repeated LogRecord
  schemaUrl: 3, // string
} as const

/** Number 4 was a name and is reserved. */
export const LogRecordField = {
  timeUnixNano: 1, // fixed64
  observedTimeUnixNano: 11, // fixed64
  severityNumber: 2, // SeverityNumber
  severityText: 3, // string
  body: 5, // AnyValue
  attributes: 6, // repeated KeyValue
  droppedAttributesCount: 7, // uint32
  flags: 8, // fixed32
  traceId: 9, // bytes
  spanId: 10, // bytes
  eventName: 12, // string
} as const

/** enum SeverityNumber: six names of four levels each, TRACE 1 to FATAL4 24. */
export const SeverityNumber: Readonly<Record<string, number>> = Object.fromEntries(
  ['UNSPECIFIED', ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap(fourLevels)].map(
    (name, number) => [`SEVERITY_NUMBER_${name}`, number],
  ),
)

function fourLevels(name: string): string[] {
  return [name, `${name}2`, `${name}3`, `${name}4`]
}

// opentelemetry/proto/collector/logs/v1/logs_service.proto

export const LogsRequestField = {
  resourceLogs: 1, // repeated ResourceLogs
} as const

export const LogsResponseField = {
  partialSuccess: 1, // ExportLogsPartialSuccess
} as const

export const LogsPartialSuccessField = {
  rejectedLogRecords: 1, // int64
  errorMessage: 2, // string
} as const

// opentelemetry/proto/collector/trace/v1/trace_service.proto

export const TraceRequestField = {
  resourceSpans: 1, // repeated ResourceSpans
} as const

export const TraceResponseField = {
  partialSuccess: 1, // ExportTracePartialSuccess
} as const

export const PartialSuccessField = {
  rejectedSpans: 1, // int64
  errorMessage: 2, // string
} as const

// google/rpc/status.proto, google/rpc/error_details.proto, google/protobuf/{any,duration}.proto

export const RpcStatusField = {
  code: 1, // int32
  message: 2, // string
  details: 3, // repeated Any
} as const

export const AnyField = {
  typeUrl: 1, // string
  value: 2, // bytes
} as const

export const RetryInfoField = {
  retryDelay: 1, // Duration
} as const

export const DurationField = {
  seconds: 1, // int64
  nanos: 2, // int32
} as const
