/**
 * Encodes a TraceRequest as OTLP JSON, so that decodeTraceRequestJson gives it back as it was. Absent is what has its default value, as
 * protobuf does; 64-bit integers are strings, ids hexadecimal. Called by tools and exporters that must speak JSON.
 */

import { int32, int64, uint32, uint64 } from './integer-range.ts'
import {
  type AnyValue,
  type KeyValue,
  KeyValueList,
  type ResourceSpans,
  type ScopeSpans,
  type Span,
  type SpanEvent,
  type SpanLink,
  type TraceRequest,
} from './model.ts'
import { maxValueDepth } from './value-depth.ts'

type Json = string | number | boolean | { readonly [name: string]: Json | undefined } | readonly Json[]

/** The JSON of `request`. Throws RangeError for what OTLP cannot hold: an integer beyond 64 bits, a value that nests too deep. */
export function encodeTraceRequestJson(request: TraceRequest): string {
  return JSON.stringify({ resourceSpans: request.resourceSpans.map(resourceSpansJson) })
}

function resourceSpansJson({ resource, scopeSpans, schemaUrl }: ResourceSpans): Json {
  return {
    resource: {
      attributes: attributesJson(resource.attributes),
      droppedAttributesCount: countJson(resource.droppedAttributesCount),
    },
    scopeSpans: scopeSpans.map(scopeSpansJson),
    schemaUrl: textJson(schemaUrl),
  }
}

function scopeSpansJson({ scope, spans, schemaUrl }: ScopeSpans): Json {
  return {
    scope: {
      name: textJson(scope.name),
      version: textJson(scope.version),
      attributes: attributesJson(scope.attributes),
      droppedAttributesCount: countJson(scope.droppedAttributesCount),
    },
    spans: spans.map(spanJson),
    schemaUrl: textJson(schemaUrl),
  }
}

function spanJson(span: Span): Json {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    traceState: textJson(span.traceState),
    parentSpanId: hex(span.parentSpanId) || undefined,
    flags: countJson(span.flags),
    name: span.name.toWellFormed(),
    kind: int32(span.kind) || undefined,
    startTimeUnixNano: uint64(span.startTimeUnixNano).toString(),
    endTimeUnixNano: uint64(span.endTimeUnixNano).toString(),
    attributes: attributesJson(span.attributes),
    droppedAttributesCount: countJson(span.droppedAttributesCount),
    events: span.events.length === 0 ? undefined : span.events.map(eventJson),
    droppedEventsCount: countJson(span.droppedEventsCount),
    links: span.links.length === 0 ? undefined : span.links.map(linkJson),
    droppedLinksCount: countJson(span.droppedLinksCount),
    status: { message: textJson(span.status.message), code: int32(span.status.code) || undefined },
  }
}

function eventJson(event: SpanEvent): Json {
  return {
    timeUnixNano: uint64(event.timeUnixNano).toString(),
    name: textJson(event.name),
    attributes: attributesJson(event.attributes),
    droppedAttributesCount: countJson(event.droppedAttributesCount),
  }
}

function linkJson(link: SpanLink): Json {
  return {
    traceId: hex(link.traceId),
    spanId: hex(link.spanId),
    traceState: textJson(link.traceState),
    attributes: attributesJson(link.attributes),
    droppedAttributesCount: countJson(link.droppedAttributesCount),
    flags: countJson(link.flags),
  }
}

function attributesJson(attributes: readonly KeyValue[]): Json | undefined {
  return attributes.length === 0 ? undefined : attributes.map((pair) => keyValueJson(pair, 1))
}

function keyValueJson({ key, value }: KeyValue, depth: number): Json {
  return { key: key.toWellFormed(), value: anyValueJson(value, depth) }
}

function anyValueJson(value: AnyValue, depth: number): Json {
  if (depth > maxValueDepth) throw new RangeError(`A value nests more than ${maxValueDepth} deep`)
  switch (typeof value) {
    case 'string':
      return { stringValue: value.toWellFormed() }
    case 'boolean':
      return { boolValue: value }
    case 'bigint':
      return { intValue: int64(value).toString() }
    case 'number':
      return { doubleValue: double(value) }
    case 'undefined':
      return {}
  }
  if (value instanceof Uint8Array) {
    return { bytesValue: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') }
  }
  if (value instanceof KeyValueList) {
    return { kvlistValue: { values: value.values.map((pair) => keyValueJson(pair, depth + 1)) } }
  }
  return { arrayValue: { values: value.map((item) => anyValueJson(item, depth + 1)) } }
}

/** What JSON has no number for is a string in protobuf's mapping; JSON.stringify would also drop the sign of -0. */
function double(value: number): Json {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)
}

function countJson(count: number): number | undefined {
  return count === 0 ? undefined : uint32(count)
}

function textJson(text: string): string | undefined {
  return text === '' ? undefined : text.toWellFormed()
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
