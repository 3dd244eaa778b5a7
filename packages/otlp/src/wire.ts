/**
 * `@rustok/otlp/wire`: the decoders' own parts, for a receiver that turns the bytes of a request into something else than objects. It walks
 * over ResourceSpans, ScopeSpans and Span with a Reader, takes what it wants as ranges of bytes, and has the rest read.
 */

export { readKeyValue } from './decode-any-value.ts'
export {
  checkTraceEnvelope,
  readResource,
  readScope,
  requestType,
  resourceSpansType,
  scopeSpansType,
} from './decode-request.ts'
export { readEvent, readLink, readStatus, spanType } from './decode-span.ts'
export {
  AnyValueField,
  KeyValueField,
  ResourceSpansField,
  ScopeSpansField,
  SpanField,
  TraceRequestField,
  tag,
  WireType,
} from './fields.ts'
export { type MessageType, Reader } from './reader.ts'
