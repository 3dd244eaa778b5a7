/**
 * Decodes the protobuf body of an OTLP trace export: ExportTraceServiceRequest, which is TracesData on the wire. Follows proto3:
 * unknown fields and enum values are tolerated, the last value of a field wins, messages that are sent twice are merged. Resource and scope
 * are the same in an export of logs, decode-logs.ts.
 */

import { checkEnvelope, type EnvelopeTypes } from './check-envelope.ts'
import { readKeyValue } from './decode-any-value.ts'
import { readSpan } from './decode-span.ts'
import {
  ResourceField,
  ResourceSpansField,
  ScopeField,
  ScopeSpansField,
  TraceRequestField,
  tag,
  WireType,
} from './fields.ts'
import type { KeyValue, Resource, ResourceSpans, Scope, ScopeSpans, Span, TraceRequest } from './model.ts'
import { type MessageType, Reader } from './reader.ts'

export const requestType: MessageType = { name: 'ExportTraceServiceRequest', fields: TraceRequestField }
export const resourceSpansType: MessageType = { name: 'ResourceSpans', fields: ResourceSpansField }
const resourceType: MessageType = { name: 'Resource', fields: ResourceField }
export const scopeSpansType: MessageType = { name: 'ScopeSpans', fields: ScopeSpansField }
const scopeType: MessageType = { name: 'InstrumentationScope', fields: ScopeField }

const envelope: EnvelopeTypes = {
  request: requestType,
  ofResource: resourceSpansType,
  ofScope: scopeSpansType,
}

/** Before anything else is done with a request's bytes. Throws MalformedOtlpError. */
export function checkTraceEnvelope(bytes: Uint8Array): void {
  checkEnvelope(bytes, envelope)
}

const resourceSpansTag = tag(TraceRequestField.resourceSpans, WireType.bytes)

/**
 * The request in `bytes`. Ids and byte values of the result are views of `bytes`, which the caller must leave as they are.
 * Throws MalformedOtlpError, and nothing else, for bytes that are not an OTLP trace request.
 */
export function decodeTraceRequest(bytes: Uint8Array): TraceRequest {
  checkTraceEnvelope(bytes)
  const reader = new Reader(bytes, requestType)
  const resourceSpans: ResourceSpans[] = []
  while (reader.position < reader.limit) {
    if (reader.tag(requestType) === resourceSpansTag) resourceSpans.push(readResourceSpans(reader))
    else reader.skip()
  }
  return { resourceSpans }
}

const resourceTag = tag(ResourceSpansField.resource, WireType.bytes)
const scopeSpansTag = tag(ResourceSpansField.scopeSpans, WireType.bytes)
const resourceSchemaUrlTag = tag(ResourceSpansField.schemaUrl, WireType.bytes)

function readResourceSpans(reader: Reader): ResourceSpans {
  const outer = reader.enter()
  const attributes: KeyValue[] = []
  let resource: Resource = { attributes, droppedAttributesCount: 0 }
  const scopeSpans: ScopeSpans[] = []
  let schemaUrl = ''
  while (reader.position < reader.limit) {
    switch (reader.tag(resourceSpansType)) {
      case scopeSpansTag:
        scopeSpans.push(readScopeSpans(reader))
        break
      case resourceTag:
        resource = readResource(reader, attributes, resource)
        break
      case resourceSchemaUrlTag:
        schemaUrl = reader.string()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { resource, scopeSpans, schemaUrl }
}

const resourceAttributesTag = tag(ResourceField.attributes, WireType.bytes)
const resourceDroppedTag = tag(ResourceField.droppedAttributesCount, WireType.varint)

/** Merges into `previous`, whose attributes are `attributes`. */
export function readResource(reader: Reader, attributes: KeyValue[], previous: Resource): Resource {
  const outer = reader.enter()
  let { droppedAttributesCount } = previous
  while (reader.position < reader.limit) {
    switch (reader.tag(resourceType)) {
      case resourceAttributesTag:
        attributes.push(readKeyValue(reader))
        break
      case resourceDroppedTag:
        droppedAttributesCount = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { attributes, droppedAttributesCount }
}

const scopeTag = tag(ScopeSpansField.scope, WireType.bytes)
const spansTag = tag(ScopeSpansField.spans, WireType.bytes)
const scopeSchemaUrlTag = tag(ScopeSpansField.schemaUrl, WireType.bytes)

function readScopeSpans(reader: Reader): ScopeSpans {
  const outer = reader.enter()
  const attributes: KeyValue[] = []
  let scope: Scope = { name: '', version: '', attributes, droppedAttributesCount: 0 }
  const spans: Span[] = []
  let schemaUrl = ''
  while (reader.position < reader.limit) {
    switch (reader.tag(scopeSpansType)) {
      case spansTag:
        spans.push(readSpan(reader))
        break
      case scopeTag:
        scope = readScope(reader, attributes, scope)
        break
      case scopeSchemaUrlTag:
        schemaUrl = reader.string()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { scope, spans, schemaUrl }
}

const scopeNameTag = tag(ScopeField.name, WireType.bytes)
const scopeVersionTag = tag(ScopeField.version, WireType.bytes)
const scopeAttributesTag = tag(ScopeField.attributes, WireType.bytes)
const scopeDroppedTag = tag(ScopeField.droppedAttributesCount, WireType.varint)

/** Merges into `previous`, whose attributes are `attributes`. */
export function readScope(reader: Reader, attributes: KeyValue[], previous: Scope): Scope {
  const outer = reader.enter()
  let { name, version, droppedAttributesCount } = previous
  while (reader.position < reader.limit) {
    switch (reader.tag(scopeType)) {
      case scopeNameTag:
        name = reader.string()
        break
      case scopeVersionTag:
        version = reader.string()
        break
      case scopeAttributesTag:
        attributes.push(readKeyValue(reader))
        break
      case scopeDroppedTag:
        droppedAttributesCount = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { name, version, attributes, droppedAttributesCount }
}
