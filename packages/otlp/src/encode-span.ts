/**
 * Encodes one ended span as a `ScopeSpans.spans` field, appended to a Writer: the one time that a span is walked. What follows
 * (batches, retries, files) moves these bytes. Called by the telemetry pipeline for every recorded span, so this is its hottest code.
 */
import type { AttributeInput } from './attribute-input.ts'
import { type AttributeKey, type AttributesBeside, type PreparedPair, toWords } from './attribute-key.ts'
import { copyWords, putAttribute, putAttributeColumns, putString } from './encode-attribute.ts'
import {
  ScopeSpansField,
  SpanEventField,
  SpanField,
  SpanLinkField,
  SpanStatusField,
  tag,
  WireType,
} from './fields.ts'
import { closeLength, putVarint, varintSize, Writer } from './writer.ts'

/** Keys and values in turn: `[key, value, key, value, …]`, each key at most once. */
export type AttributeList = (AttributeKey | AttributeInput)[]

/** A span as the encoder wants it: ids in big-endian 32-bit words, times in two 32-bit halves, nothing that must be parsed. */
export interface SpanRecord {
  readonly traceId0: number
  readonly traceId1: number
  readonly traceId2: number
  readonly traceId3: number
  readonly spanId0: number
  readonly spanId1: number
  /** Both zero for a root span. */
  readonly parentSpanId0: number
  readonly parentSpanId1: number
  /** As SpanFlags in the .proto: W3C flags, and bits 8 and 9 for a remote parent. */
  readonly flags: number
  /** The tracestate header's text, empty for none. */
  readonly traceStateText: string
  readonly name: string
  /** SpanKind in the .proto: 1 internal to 5 consumer. */
  readonly otlpKind: number
  /** Unix nanoseconds: the high and the low 32 bits. */
  readonly startHigh: number
  readonly startLow: number
  readonly endHigh: number
  readonly endLow: number
  /** Each key at most once, with its value at the same place. */
  readonly attributeKeys: readonly AttributeKey[]
  readonly attributeValues: readonly AttributeInput[]
  /** Up to three sets of attributes that were encoded by `prepareAttributes`, put in front of the list. */
  readonly prepared0: PreparedPair | undefined
  readonly prepared1: PreparedPair | undefined
  readonly prepared2: PreparedPair | undefined
  readonly droppedAttributes: number
  readonly eventList: readonly EventRecord[] | undefined
  readonly droppedEvents: number
  readonly linkList: readonly LinkRecord[] | undefined
  readonly droppedLinks: number
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number
  readonly statusMessage: string
}

export interface EventRecord {
  readonly name: string
  readonly timeHigh: number
  readonly timeLow: number
  readonly attributeList: AttributeList
  readonly droppedAttributes: number
}

export interface LinkRecord {
  /** 32 and 16 hex digits. */
  readonly traceId: string
  readonly spanId: string
  readonly traceStateText: string
  readonly flags: number
  readonly attributeList: AttributeList
  readonly droppedAttributes: number
}

const spansTag = tag(ScopeSpansField.spans, WireType.bytes)
const traceIdTag = tag(SpanField.traceId, WireType.bytes)
const spanIdTag = tag(SpanField.spanId, WireType.bytes)
const traceStateTag = tag(SpanField.traceState, WireType.bytes)
const parentSpanIdTag = tag(SpanField.parentSpanId, WireType.bytes)
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
/** Field 16 is the first whose tag takes two bytes. */
const flagsTag = tag(SpanField.flags, WireType.fixed32)

/** Names are few when they follow the conventions; past this many they are encoded afresh. 1,024 of 40 bytes are 0.1 MB. */
const maxPreparedNames = 1024
const maxPreparedNameLength = 96
const preparedNames = new Map<string, PreparedPair>()

/** Appends `span` to the writer as a `ScopeSpans.spans` field; the number of bytes appended. */
export function encodeSpan(writer: Writer, span: SpanRecord): number {
  const start = writer.position
  writer.reserve(start, 192)
  // Two bytes are left for the length: nearly every span is between 128 B and 16 kB.
  let at = start + 3
  const { view } = writer
  let { bytes } = writer
  bytes[start] = spansTag
  bytes[at] = traceIdTag
  bytes[at + 1] = 16
  view.setInt32(at + 2, span.traceId0)
  view.setInt32(at + 6, span.traceId1)
  view.setInt32(at + 10, span.traceId2)
  view.setInt32(at + 14, span.traceId3)
  bytes[at + 18] = spanIdTag
  bytes[at + 19] = 8
  view.setInt32(at + 20, span.spanId0)
  view.setInt32(at + 24, span.spanId1)
  at += 28
  if ((span.parentSpanId0 | span.parentSpanId1) !== 0) {
    bytes[at] = parentSpanIdTag
    bytes[at + 1] = 8
    view.setInt32(at + 2, span.parentSpanId0)
    view.setInt32(at + 6, span.parentSpanId1)
    at += 10
  }
  bytes[at] = kindTag
  bytes[at + 1] = span.otlpKind
  bytes[at + 2] = startTag
  view.setUint32(at + 3, span.startLow, true)
  view.setUint32(at + 7, span.startHigh, true)
  bytes[at + 11] = endTag
  view.setUint32(at + 12, span.endLow, true)
  view.setUint32(at + 16, span.endHigh, true)
  bytes[at + 20] = (flagsTag & 0x7f) | 0x80
  bytes[at + 21] = flagsTag >>> 7
  view.setUint32(at + 22, span.flags, true)
  at = putName(writer, at + 26, span.name)

  at = putPrepared(writer, at, span.prepared0)
  at = putPrepared(writer, at, span.prepared1)
  at = putPrepared(writer, at, span.prepared2)
  at = putAttributeColumns(writer, at, attributesTag, span.attributeKeys, span.attributeValues)
  if (span.traceStateText !== '') {
    writer.reserve(at, span.traceStateText.length * 3 + 8)
    at = putString(writer, at, traceStateTag, span.traceStateText)
  }
  if (span.statusCode !== 0) at = putStatus(writer, at, span.statusCode, span.statusMessage)
  if (span.eventList !== undefined) at = putEvents(writer, at, span.eventList)
  if (span.linkList !== undefined) at = putLinks(writer, at, span.linkList)
  if ((span.droppedAttributes | span.droppedEvents | span.droppedLinks) !== 0) {
    at = putCount(writer, at, droppedAttributesTag, span.droppedAttributes)
    at = putCount(writer, at, droppedEventsTag, span.droppedEvents)
    at = putCount(writer, at, droppedLinksTag, span.droppedLinks)
  }
  writer.reserve(at, 8)
  bytes = writer.bytes
  const length = at - start - 3
  const lengthSize = varintSize(length)
  if (lengthSize !== 2) {
    bytes.copyWithin(start + 1 + lengthSize, start + 3, at)
    at += lengthSize - 2
  }
  putVarint(bytes, start + 1, length)
  writer.position = at
  return at - start
}

/** Attributes that many spans share, as whole `Span.attributes` fields; see SpanRecord.prepared0. */
export interface PreparedAttributes extends PreparedPair {
  readonly list: AttributeList
}

/** A list as a rule looks into it. */
export class ListedAttributes implements AttributesBeside {
  readonly #list: AttributeList

  constructor(list: AttributeList) {
    this.#list = list
  }

  get(key: AttributeKey): AttributeInput {
    const at = this.#list.indexOf(key)
    return at < 0 ? undefined : (this.#list[at + 1] as AttributeInput)
  }
}

/** Encodes `attributes` once for many spans, as the rules of their keys want them. */
export function prepareAttributes(attributes: AttributeList): PreparedAttributes {
  const list: AttributeList = []
  for (let i = 0; i < attributes.length; i += 2) {
    const key = attributes[i] as AttributeKey
    const given = attributes[i + 1] as AttributeInput
    const value = key.rule === undefined ? given : key.rule(given, new ListedAttributes(list))
    if (value !== undefined || key.rule === undefined) list.push(key, value)
  }
  const writer = new Writer(256)
  const size = putAttributes(writer, 0, attributesTag, list)
  for (let i = 0; i < list.length; i += 2) (list[i] as AttributeKey).prepared = true
  return { words: toWords(writer.bytes.subarray(0, size)), size, list }
}

/** Appends the fields of an attribute list; the position after them. */
export function putAttributes(writer: Writer, start: number, fieldTag: number, list: AttributeList): number {
  let at = start
  for (let i = 0; i < list.length; i += 2) {
    at = putAttribute(writer, at, fieldTag, list[i] as AttributeKey, list[i + 1] as AttributeInput)
  }
  return at
}

function putPrepared(writer: Writer, start: number, prepared: PreparedPair | undefined): number {
  if (prepared === undefined) return start
  writer.reserve(start, prepared.size)
  copyWords(writer.view, start, prepared.words)
  return start + prepared.size
}

function putName(writer: Writer, start: number, name: string): number {
  const known = preparedNames.get(name)
  if (known !== undefined) {
    writer.reserve(start, known.size)
    copyWords(writer.view, start, known.words)
    return start + known.size
  }
  writer.reserve(start, name.length * 3 + 8)
  const end = putString(writer, start, nameTag, name)
  if (preparedNames.size < maxPreparedNames && name.length <= maxPreparedNameLength) {
    preparedNames.set(name, { words: toWords(writer.bytes.subarray(start, end)), size: end - start })
  }
  return end
}

function putStatus(writer: Writer, start: number, code: number, message: string): number {
  writer.reserve(start, message.length * 3 + 24)
  writer.bytes[start] = statusTag
  const body = start + 2
  let at = body
  if (message !== '') at = putString(writer, at, tag(SpanStatusField.message, WireType.bytes), message)
  writer.bytes[at++] = tag(SpanStatusField.code, WireType.varint)
  writer.bytes[at++] = code
  return closeLength(writer.bytes, body, at)
}

function putEvents(writer: Writer, start: number, events: readonly EventRecord[]): number {
  let at = start
  for (const event of events) {
    writer.reserve(at, event.name.length * 3 + 48)
    const body = at + 2
    writer.bytes[at] = eventsTag
    writer.bytes[body] = tag(SpanEventField.timeUnixNano, WireType.fixed64)
    writer.view.setUint32(body + 1, event.timeLow, true)
    writer.view.setUint32(body + 5, event.timeHigh, true)
    let end = putString(writer, body + 9, tag(SpanEventField.name, WireType.bytes), event.name)
    end = putAttributes(writer, end, tag(SpanEventField.attributes, WireType.bytes), event.attributeList)
    end = putCount(
      writer,
      end,
      tag(SpanEventField.droppedAttributesCount, WireType.varint),
      event.droppedAttributes,
    )
    writer.reserve(end, 16)
    at = closeLength(writer.bytes, body, end)
  }
  return at
}

function putLinks(writer: Writer, start: number, links: readonly LinkRecord[]): number {
  let at = start
  for (const link of links) {
    writer.reserve(at, link.traceStateText.length * 3 + 64)
    const body = at + 2
    writer.bytes[at] = linksTag
    let end = putHex(writer, body, tag(SpanLinkField.traceId, WireType.bytes), link.traceId)
    end = putHex(writer, end, tag(SpanLinkField.spanId, WireType.bytes), link.spanId)
    if (link.traceStateText !== '') {
      end = putString(writer, end, tag(SpanLinkField.traceState, WireType.bytes), link.traceStateText)
    }
    writer.bytes[end] = tag(SpanLinkField.flags, WireType.fixed32)
    writer.view.setUint32(end + 1, link.flags, true)
    end = putAttributes(writer, end + 5, tag(SpanLinkField.attributes, WireType.bytes), link.attributeList)
    end = putCount(
      writer,
      end,
      tag(SpanLinkField.droppedAttributesCount, WireType.varint),
      link.droppedAttributes,
    )
    writer.reserve(end, 16)
    at = closeLength(writer.bytes, body, end)
  }
  return at
}

function putHex(writer: Writer, start: number, fieldTag: number, hex: string): number {
  writer.bytes[start] = fieldTag
  writer.bytes[start + 1] = hex.length / 2
  for (let i = 0; i < hex.length; i += 2) {
    writer.bytes[start + 2 + i / 2] = Number.parseInt(hex.slice(i, i + 2), 16)
  }
  return start + 2 + hex.length / 2
}

/** A uint32 field of up to five bytes, left out when zero. Reserves what it needs. */
function putCount(writer: Writer, start: number, fieldTag: number, count: number): number {
  if (count === 0) return start
  writer.reserve(start, 16)
  writer.bytes[start] = fieldTag
  return putVarint(writer.bytes, start + 1, count)
}
