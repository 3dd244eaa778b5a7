/** Decodes a Span with its events, links and status. Fields are tried in the order of how often they occur. */

import { readKeyValue } from './decode-any-value.ts'
import { SpanEventField, SpanField, SpanLinkField, SpanStatusField, tag, WireType } from './fields.ts'
import type { KeyValue, Span, SpanEvent, SpanLink, SpanStatus } from './model.ts'
import type { MessageType, Reader } from './reader.ts'

export const spanType: MessageType = { name: 'Span', fields: SpanField }
const eventType: MessageType = { name: 'Span.Event', fields: SpanEventField }
const linkType: MessageType = { name: 'Span.Link', fields: SpanLinkField }
const statusType: MessageType = { name: 'Status', fields: SpanStatusField }

const traceIdTag = tag(SpanField.traceId, WireType.bytes)
const spanIdTag = tag(SpanField.spanId, WireType.bytes)
const traceStateTag = tag(SpanField.traceState, WireType.bytes)
const parentSpanIdTag = tag(SpanField.parentSpanId, WireType.bytes)
const flagsTag = tag(SpanField.flags, WireType.fixed32)
const nameTag = tag(SpanField.name, WireType.bytes)
const kindTag = tag(SpanField.kind, WireType.varint)
const startTag = tag(SpanField.startTimeUnixNano, WireType.fixed64)
const endTag = tag(SpanField.endTimeUnixNano, WireType.fixed64)
const attributesTag = tag(SpanField.attributes, WireType.bytes)
const droppedAttributesTag = tag(SpanField.droppedAttributesCount, WireType.varint)
const eventsTag = tag(SpanField.events, WireType.bytes)
const droppedEventsTag = tag(SpanField.droppedEventsCount, WireType.varint)
const linksTag = tag(SpanField.links, WireType.bytes)
const droppedLinksTag = tag(SpanField.droppedLinksCount, WireType.varint)
const statusTag = tag(SpanField.status, WireType.bytes)

const none: readonly never[] = []
const noBytes: Uint8Array = new Uint8Array(0)
const unset: SpanStatus = { message: '', code: 0 }

export function readSpan(reader: Reader): Span {
  const outer = reader.enter()
  let traceId = noBytes
  let spanId = noBytes
  let traceState = ''
  let parentSpanId = noBytes
  let flags = 0
  let name = ''
  let kind = 0
  let startTimeUnixNano = 0n
  let endTimeUnixNano = 0n
  const attributes: KeyValue[] = []
  let droppedAttributesCount = 0
  let events: SpanEvent[] | undefined
  let droppedEventsCount = 0
  let links: SpanLink[] | undefined
  let droppedLinksCount = 0
  let status = unset
  while (reader.position < reader.limit) {
    switch (reader.tag(spanType)) {
      case attributesTag:
        attributes.push(readKeyValue(reader))
        break
      case traceIdTag:
        traceId = reader.bytes()
        break
      case spanIdTag:
        spanId = reader.bytes()
        break
      case parentSpanIdTag:
        parentSpanId = reader.bytes()
        break
      case nameTag:
        name = reader.internedString()
        break
      case kindTag:
        kind = reader.int32()
        break
      case startTag:
        startTimeUnixNano = reader.fixed64()
        break
      case endTag:
        endTimeUnixNano = reader.fixed64()
        break
      case flagsTag:
        flags = reader.fixed32()
        break
      case statusTag:
        status = readStatus(reader, status)
        break
      case eventsTag:
        events ??= []
        events.push(readEvent(reader))
        break
      case linksTag:
        links ??= []
        links.push(readLink(reader))
        break
      case traceStateTag:
        traceState = reader.string()
        break
      case droppedAttributesTag:
        droppedAttributesCount = reader.uint32()
        break
      case droppedEventsTag:
        droppedEventsCount = reader.uint32()
        break
      case droppedLinksTag:
        droppedLinksCount = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return {
    traceId,
    spanId,
    traceState,
    parentSpanId,
    flags,
    name,
    kind,
    startTimeUnixNano,
    endTimeUnixNano,
    attributes,
    droppedAttributesCount,
    events: events ?? none,
    droppedEventsCount,
    links: links ?? none,
    droppedLinksCount,
    status,
  }
}

const eventTimeTag = tag(SpanEventField.timeUnixNano, WireType.fixed64)
const eventNameTag = tag(SpanEventField.name, WireType.bytes)
const eventAttributesTag = tag(SpanEventField.attributes, WireType.bytes)
const eventDroppedTag = tag(SpanEventField.droppedAttributesCount, WireType.varint)

export function readEvent(reader: Reader): SpanEvent {
  const outer = reader.enter()
  let timeUnixNano = 0n
  let name = ''
  const attributes: KeyValue[] = []
  let droppedAttributesCount = 0
  while (reader.position < reader.limit) {
    switch (reader.tag(eventType)) {
      case eventTimeTag:
        timeUnixNano = reader.fixed64()
        break
      case eventNameTag:
        name = reader.internedString()
        break
      case eventAttributesTag:
        attributes.push(readKeyValue(reader))
        break
      case eventDroppedTag:
        droppedAttributesCount = reader.uint32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { timeUnixNano, name, attributes, droppedAttributesCount }
}

const linkTraceIdTag = tag(SpanLinkField.traceId, WireType.bytes)
const linkSpanIdTag = tag(SpanLinkField.spanId, WireType.bytes)
const linkTraceStateTag = tag(SpanLinkField.traceState, WireType.bytes)
const linkAttributesTag = tag(SpanLinkField.attributes, WireType.bytes)
const linkDroppedTag = tag(SpanLinkField.droppedAttributesCount, WireType.varint)
const linkFlagsTag = tag(SpanLinkField.flags, WireType.fixed32)

export function readLink(reader: Reader): SpanLink {
  const outer = reader.enter()
  let traceId = noBytes
  let spanId = noBytes
  let traceState = ''
  const attributes: KeyValue[] = []
  let droppedAttributesCount = 0
  let flags = 0
  while (reader.position < reader.limit) {
    switch (reader.tag(linkType)) {
      case linkTraceIdTag:
        traceId = reader.bytes()
        break
      case linkSpanIdTag:
        spanId = reader.bytes()
        break
      case linkTraceStateTag:
        traceState = reader.string()
        break
      case linkAttributesTag:
        attributes.push(readKeyValue(reader))
        break
      case linkDroppedTag:
        droppedAttributesCount = reader.uint32()
        break
      case linkFlagsTag:
        flags = reader.fixed32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { traceId, spanId, traceState, attributes, droppedAttributesCount, flags }
}

const statusMessageTag = tag(SpanStatusField.message, WireType.bytes)
const statusCodeTag = tag(SpanStatusField.code, WireType.varint)

/** A status that is sent twice is merged, as protobuf does with every message that is not repeated. */
export function readStatus(reader: Reader, previous: SpanStatus): SpanStatus {
  const outer = reader.enter()
  let { message, code } = previous
  while (reader.position < reader.limit) {
    switch (reader.tag(statusType)) {
      case statusMessageTag:
        message = reader.string()
        break
      case statusCodeTag:
        code = reader.int32()
        break
      default:
        reader.skip()
    }
  }
  reader.leave(outer)
  return { message, code }
}
