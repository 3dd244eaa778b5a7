/**
 * What the package offers. encode-span and encode-envelope turn ended spans straight to bytes for a tracing pipeline; the
 * …TraceRequest… functions read and write whole requests, for receivers and tools, and …LogsRequest… read those of logs; response and rpc-status are what a receiver answers.
 */

export type { AttributeInput } from './attribute-input.ts'
export {
  AttributeKey,
  type AttributeRule,
  type AttributesBeside,
  attributeKey,
  type PreparedPair,
  setAttributeRules,
} from './attribute-key.ts'
export { decodeTraceRequestJson } from './decode-json.ts'
export { decodeLogsRequest } from './decode-logs.ts'
export { decodeLogsRequestJson } from './decode-logs-json.ts'
export { decodeTraceRequest } from './decode-request.ts'
export {
  attributeListOf,
  type Envelope,
  encloseSpans,
  encodeEnvelope,
  encodeResource,
  encodeScope,
  type ResourceInput,
  type ScopeBytes,
  type ScopeInput,
} from './encode-envelope.ts'
export { encodeTraceRequestJson } from './encode-json.ts'
export { encodeSpanField, encodeTraceRequest } from './encode-request.ts'
export {
  type AttributeList,
  type EventRecord,
  encodeSpan,
  type LinkRecord,
  ListedAttributes,
  type PreparedAttributes,
  prepareAttributes,
  type SpanRecord,
} from './encode-span.ts'
export { MalformedOtlpError } from './errors.ts'
export { SpanFlags, SpanKind, StatusCode } from './fields.ts'
export {
  encodeLogsResponse,
  encodeLogsResponseJson,
  type LogsPartialSuccess,
  type LogsResponse,
} from './logs-response.ts'
export {
  type AnyValue,
  type KeyValue,
  KeyValueList,
  type LogRecord,
  type LogsRequest,
  type Resource,
  type ResourceLogs,
  type ResourceSpans,
  type Scope,
  type ScopeLogs,
  type ScopeSpans,
  type Span,
  type SpanEvent,
  type SpanLink,
  type SpanStatus,
  type TraceRequest,
} from './model.ts'
export { replaceTraceState } from './replace-trace-state.ts'
export {
  decodeTraceResponse,
  decodeTraceResponseJson,
  encodeTraceResponse,
  encodeTraceResponseJson,
  type PartialSuccess,
  type TraceResponse,
} from './response.ts'
export {
  decodeRpcStatus,
  decodeRpcStatusJson,
  encodeRpcStatus,
  encodeRpcStatusJson,
  type RpcStatus,
} from './rpc-status.ts'
export { maxValueDepth } from './value-depth.ts'
export { Writer } from './writer.ts'
