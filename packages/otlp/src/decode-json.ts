/**
 * Decodes the JSON body of an OTLP trace export (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): protobuf's JSON
 * mapping with ids in hexadecimal and enums as integers. Tolerates what other senders write: either case of names, enum names, numbers
 * for 64-bit integers.
 */

import { SpanKind, StatusCode } from './fields.ts'
import {
  fail,
  type JsonObject,
  type Place,
  parseObject,
  readEnum,
  readHex,
  readList,
  readObject,
  readString,
  readUint32,
  readUint64,
  toBytes,
  toDouble,
  toInt64OrDouble,
  toText,
} from './json-value.ts'
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
 * The request in `text`, JSON as a string or in UTF-8. Integers are exact, written as numbers, too; one with a fraction or an exponent
 * counts as the double that it is. Throws MalformedOtlpError, and nothing else, for what is not an OTLP trace request.
 */
export function decodeTraceRequestJson(text: string | Uint8Array): TraceRequest {
  return { resourceSpans: readList(parseObject(text), 'resourceSpans', undefined, readResourceSpans) }
}

function readResourceSpans(object: JsonObject, place: Place): ResourceSpans {
  return {
    resource: readObject(object, 'resource', place, readResource),
    scopeSpans: readList(object, 'scopeSpans', place, readScopeSpans),
    schemaUrl: readString(object, 'schemaUrl', place),
  }
}

export function readResource(object: JsonObject, place: Place): Resource {
  return {
    attributes: readList(object, 'attributes', place, readAttribute),
    droppedAttributesCount: readUint32(object, 'droppedAttributesCount', place),
  }
}

function readScopeSpans(object: JsonObject, place: Place): ScopeSpans {
  return {
    scope: readObject(object, 'scope', place, readScope),
    spans: readList(object, 'spans', place, readSpan),
    schemaUrl: readString(object, 'schemaUrl', place),
  }
}

export function readScope(object: JsonObject, place: Place): Scope {
  return {
    name: readString(object, 'name', place),
    version: readString(object, 'version', place),
    attributes: readList(object, 'attributes', place, readAttribute),
    droppedAttributesCount: readUint32(object, 'droppedAttributesCount', place),
  }
}

function readSpan(object: JsonObject, place: Place): Span {
  return {
    traceId: readHex(object, 'traceId', place),
    spanId: readHex(object, 'spanId', place),
    traceState: readString(object, 'traceState', place),
    parentSpanId: readHex(object, 'parentSpanId', place),
    flags: readUint32(object, 'flags', place),
    name: readString(object, 'name', place),
    kind: readEnum(object, 'kind', place, SpanKind),
    startTimeUnixNano: readUint64(object, 'startTimeUnixNano', place),
    endTimeUnixNano: readUint64(object, 'endTimeUnixNano', place),
    attributes: readList(object, 'attributes', place, readAttribute),
    droppedAttributesCount: readUint32(object, 'droppedAttributesCount', place),
    events: readList(object, 'events', place, readEvent),
    droppedEventsCount: readUint32(object, 'droppedEventsCount', place),
    links: readList(object, 'links', place, readLink),
    droppedLinksCount: readUint32(object, 'droppedLinksCount', place),
    status: readObject(object, 'status', place, readStatus),
  }
}

function readEvent(object: JsonObject, place: Place): SpanEvent {
  return {
    timeUnixNano: readUint64(object, 'timeUnixNano', place),
    name: readString(object, 'name', place),
    attributes: readList(object, 'attributes', place, readAttribute),
    droppedAttributesCount: readUint32(object, 'droppedAttributesCount', place),
  }
}

function readLink(object: JsonObject, place: Place): SpanLink {
  return {
    traceId: readHex(object, 'traceId', place),
    spanId: readHex(object, 'spanId', place),
    traceState: readString(object, 'traceState', place),
    attributes: readList(object, 'attributes', place, readAttribute),
    droppedAttributesCount: readUint32(object, 'droppedAttributesCount', place),
    flags: readUint32(object, 'flags', place),
  }
}

function readStatus(object: JsonObject, place: Place): SpanStatus {
  return {
    message: readString(object, 'message', place),
    code: readEnum(object, 'code', place, StatusCode),
  }
}

export function readAttribute(object: JsonObject, place: Place): KeyValue {
  return readKeyValue(object, place, 1)
}

function readKeyValue(object: JsonObject, place: Place, depth: number): KeyValue {
  return {
    key: readString(object, 'key', place),
    value: readObject(object, 'value', place, (value, at) => readAnyValue(value, at, depth)),
  }
}

/** The last member wins when there are several, as in protobuf. */
export function readAnyValue(object: JsonObject, place: Place, depth: number): AnyValue {
  if (depth > maxValueDepth) {
    fail(`values nest more than ${maxValueDepth} deep`, place.name, place.parent, place.index)
  }
  let value: AnyValue
  for (const name of Object.keys(object)) {
    if (object[name] === null) continue
    switch (name) {
      case 'stringValue':
      case 'string_value':
        value = toText(object[name], name, place)
        break
      case 'boolValue':
      case 'bool_value':
        if (typeof object[name] !== 'boolean') fail('expected true or false', name, place)
        value = object[name]
        break
      case 'intValue':
      case 'int_value':
        value = toInt64OrDouble(object[name], name, place)
        break
      case 'doubleValue':
      case 'double_value':
        value = toDouble(object[name], name, place)
        break
      case 'arrayValue':
      case 'array_value':
        value = readObject(object, name, place, (array, at) =>
          readList(array, 'values', at, (item, itemPlace) => readAnyValue(item, itemPlace, depth + 1)),
        )
        break
      case 'kvlistValue':
      case 'kvlist_value':
        value = readObject(
          object,
          name,
          place,
          (list, at) =>
            new KeyValueList(
              readList(list, 'values', at, (item, itemPlace) => readKeyValue(item, itemPlace, depth + 1)),
            ),
        )
        break
      case 'bytesValue':
      case 'bytes_value':
        value = toBytes(object[name], name, place)
        break
    }
  }
  return value
}
