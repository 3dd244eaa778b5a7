/**
 * Encodes a decoded TraceRequest back to protobuf, for tools and tests that change or make requests. Fields with their default value
 * are left out. The telemetry pipeline does not come here: it encodes its spans with encode-span.ts.
 */

import { FieldWriter } from './field-writer.ts'
import {
  AnyValueField,
  ArrayValueField,
  KeyValueField,
  KeyValueListField,
  ResourceField,
  ResourceSpansField,
  ScopeField,
  ScopeSpansField,
  SpanEventField,
  SpanField,
  SpanLinkField,
  SpanStatusField,
  TraceRequestField,
  tag,
  WireType,
} from './fields.ts'
import { int32, int64, uint32, uint64 } from './integer-range.ts'
import {
  type AnyValue,
  type KeyValue,
  KeyValueList,
  type Resource,
  type ResourceSpans,
  type Scope,
  type ScopeSpans,
  type Span,
  type SpanEvent,
  type SpanLink,
  type SpanStatus,
  type TraceRequest,
} from './model.ts'
import { maxValueDepth } from './value-depth.ts'

/**
 * The bytes of `request`. A lone surrogate becomes U+FFFD. Throws RangeError for what OTLP cannot hold: an integer out of its type's
 * range, a value that nests too deep.
 */
export function encodeTraceRequest(request: TraceRequest): Uint8Array {
  const writer = new FieldWriter()
  for (const item of request.resourceSpans) putResourceSpans(writer, item)
  return writer.finish()
}

/** One span as the `ScopeSpans.spans` field that encodeSpan makes. Throws as encodeTraceRequest does. */
export function encodeSpanField(span: Span): Uint8Array {
  const writer = new FieldWriter()
  putSpan(writer, span)
  return writer.finish()
}

function putResourceSpans(writer: FieldWriter, { resource, scopeSpans, schemaUrl }: ResourceSpans): void {
  const start = writer.open(tag(TraceRequestField.resourceSpans, WireType.bytes))
  putResource(writer, resource)
  for (const item of scopeSpans) putScopeSpans(writer, item)
  putText(writer, ResourceSpansField.schemaUrl, schemaUrl)
  writer.close(start)
}

function putResource(writer: FieldWriter, resource: Resource): void {
  const start = writer.open(tag(ResourceSpansField.resource, WireType.bytes))
  putAttributes(writer, ResourceField.attributes, resource.attributes)
  putCount(writer, ResourceField.droppedAttributesCount, resource.droppedAttributesCount)
  writer.close(start)
}

function putScopeSpans(writer: FieldWriter, { scope, spans, schemaUrl }: ScopeSpans): void {
  const start = writer.open(tag(ResourceSpansField.scopeSpans, WireType.bytes))
  putScope(writer, scope)
  for (const span of spans) putSpan(writer, span)
  putText(writer, ScopeSpansField.schemaUrl, schemaUrl)
  writer.close(start)
}

function putScope(writer: FieldWriter, scope: Scope): void {
  const start = writer.open(tag(ScopeSpansField.scope, WireType.bytes))
  putText(writer, ScopeField.name, scope.name)
  putText(writer, ScopeField.version, scope.version)
  putAttributes(writer, ScopeField.attributes, scope.attributes)
  putCount(writer, ScopeField.droppedAttributesCount, scope.droppedAttributesCount)
  writer.close(start)
}

function putSpan(writer: FieldWriter, span: Span): void {
  const start = writer.open(tag(ScopeSpansField.spans, WireType.bytes))
  putId(writer, SpanField.traceId, span.traceId)
  putId(writer, SpanField.spanId, span.spanId)
  putText(writer, SpanField.traceState, span.traceState)
  putId(writer, SpanField.parentSpanId, span.parentSpanId)
  putFlags(writer, SpanField.flags, span.flags)
  putText(writer, SpanField.name, span.name)
  putEnum(writer, SpanField.kind, span.kind)
  putTime(writer, SpanField.startTimeUnixNano, span.startTimeUnixNano)
  putTime(writer, SpanField.endTimeUnixNano, span.endTimeUnixNano)
  putAttributes(writer, SpanField.attributes, span.attributes)
  putCount(writer, SpanField.droppedAttributesCount, span.droppedAttributesCount)
  for (const event of span.events) putEvent(writer, event)
  putCount(writer, SpanField.droppedEventsCount, span.droppedEventsCount)
  for (const link of span.links) putLink(writer, link)
  putCount(writer, SpanField.droppedLinksCount, span.droppedLinksCount)
  putStatus(writer, span.status)
  writer.close(start)
}

function putEvent(writer: FieldWriter, event: SpanEvent): void {
  const start = writer.open(tag(SpanField.events, WireType.bytes))
  putTime(writer, SpanEventField.timeUnixNano, event.timeUnixNano)
  putText(writer, SpanEventField.name, event.name)
  putAttributes(writer, SpanEventField.attributes, event.attributes)
  putCount(writer, SpanEventField.droppedAttributesCount, event.droppedAttributesCount)
  writer.close(start)
}

function putLink(writer: FieldWriter, link: SpanLink): void {
  const start = writer.open(tag(SpanField.links, WireType.bytes))
  putId(writer, SpanLinkField.traceId, link.traceId)
  putId(writer, SpanLinkField.spanId, link.spanId)
  putText(writer, SpanLinkField.traceState, link.traceState)
  putAttributes(writer, SpanLinkField.attributes, link.attributes)
  putCount(writer, SpanLinkField.droppedAttributesCount, link.droppedAttributesCount)
  putFlags(writer, SpanLinkField.flags, link.flags)
  writer.close(start)
}

function putStatus(writer: FieldWriter, status: SpanStatus): void {
  if (status.code === 0 && status.message === '') return
  const start = writer.open(tag(SpanField.status, WireType.bytes))
  putText(writer, SpanStatusField.message, status.message)
  putEnum(writer, SpanStatusField.code, status.code)
  writer.close(start)
}

function putAttributes(writer: FieldWriter, field: number, attributes: readonly KeyValue[]): void {
  for (const attribute of attributes) putKeyValue(writer, field, attribute, 1)
}

function putKeyValue(writer: FieldWriter, field: number, { key, value }: KeyValue, depth: number): void {
  const start = writer.open(tag(field, WireType.bytes))
  writer.string(tag(KeyValueField.key, WireType.bytes), key)
  putAnyValue(writer, KeyValueField.value, value, depth)
  writer.close(start)
}

/** A member of a oneof is written even when it is the default of its type: it says which type it is. */
function putAnyValue(writer: FieldWriter, field: number, value: AnyValue, depth: number): void {
  if (depth > maxValueDepth) throw new RangeError(`A value nests more than ${maxValueDepth} deep`)
  const start = writer.open(tag(field, WireType.bytes))
  switch (typeof value) {
    case 'string':
      writer.string(tag(AnyValueField.stringValue, WireType.bytes), value)
      break
    case 'boolean':
      writer.uint32(tag(AnyValueField.boolValue, WireType.varint), value ? 1 : 0)
      break
    case 'bigint':
      writer.int64(tag(AnyValueField.intValue, WireType.varint), int64(value))
      break
    case 'number':
      writer.double(tag(AnyValueField.doubleValue, WireType.fixed64), value)
      break
    case 'object':
      if (value instanceof Uint8Array) writer.bytes(tag(AnyValueField.bytesValue, WireType.bytes), value)
      else if (value instanceof KeyValueList) putKeyValueList(writer, value, depth)
      else putArray(writer, value, depth)
  }
  writer.close(start)
}

function putArray(writer: FieldWriter, values: readonly AnyValue[], depth: number): void {
  const start = writer.open(tag(AnyValueField.arrayValue, WireType.bytes))
  for (const value of values) putAnyValue(writer, ArrayValueField.values, value, depth + 1)
  writer.close(start)
}

function putKeyValueList(writer: FieldWriter, list: KeyValueList, depth: number): void {
  const start = writer.open(tag(AnyValueField.kvlistValue, WireType.bytes))
  for (const pair of list.values) putKeyValue(writer, KeyValueListField.values, pair, depth + 1)
  writer.close(start)
}

function putText(writer: FieldWriter, field: number, text: string): void {
  if (text !== '') writer.string(tag(field, WireType.bytes), text)
}

function putId(writer: FieldWriter, field: number, id: Uint8Array): void {
  if (id.length > 0) writer.bytes(tag(field, WireType.bytes), id)
}

function putTime(writer: FieldWriter, field: number, time: bigint): void {
  if (time !== 0n) writer.fixed64(tag(field, WireType.fixed64), uint64(time))
}

function putFlags(writer: FieldWriter, field: number, flags: number): void {
  if (flags !== 0) writer.fixed32(tag(field, WireType.fixed32), uint32(flags))
}

function putCount(writer: FieldWriter, field: number, count: number): void {
  if (count !== 0) writer.uint32(tag(field, WireType.varint), uint32(count))
}

function putEnum(writer: FieldWriter, field: number, value: number): void {
  if (value !== 0) writer.int64(tag(field, WireType.varint), BigInt(int32(value)))
}
