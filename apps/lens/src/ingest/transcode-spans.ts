/**
 * Turns the bytes of an OTLP request into rows of a SpanBlock, without an object for each span and attribute: to decode to objects and to lay those
 * out takes 2.3 times as long. The intake calls it; what it accepts is what `decodeTraceRequest` accepts.
 *
 *   Span ── ids, times, numbers ─▶ copied into their columns
 *        ── name, attributes    ─▶ looked up by their bytes; met before in this block: a number, else added to the dictionary, most of them
 *                                  as they are (plain-attributes.ts), the others read as objects
 *        ── events, links       ─▶ read as objects, as few spans have them
 */

import type { KeyValue, Resource, Scope, SpanStatus } from '@rustok/otlp'
import {
  checkTraceEnvelope,
  Reader,
  ResourceSpansField,
  readEvent,
  readLink,
  readResource,
  readScope,
  readStatus,
  requestType,
  resourceSpansType,
  ScopeSpansField,
  SpanField,
  scopeSpansType,
  spanType,
  TraceRequestField,
  tag,
  WireType,
} from '@rustok/otlp/wire'
import { ByteTable, hashOf } from '../store/native/byte-table.ts'
import { SpanBlock } from '../store/span-block.ts'
import { resourceContext, scopeContext } from '../store/span-context.ts'
import { idRefusal, Refusals } from './admission.ts'
import { inherited, SpanAttributes } from './span-attributes.ts'

const resourceSpansTag = tag(TraceRequestField.resourceSpans, WireType.bytes)
const resourceTag = tag(ResourceSpansField.resource, WireType.bytes)
const scopeSpansTag = tag(ResourceSpansField.scopeSpans, WireType.bytes)
const resourceSchemaUrlTag = tag(ResourceSpansField.schemaUrl, WireType.bytes)
const scopeTag = tag(ScopeSpansField.scope, WireType.bytes)
const spansTag = tag(ScopeSpansField.spans, WireType.bytes)
const scopeSchemaUrlTag = tag(ScopeSpansField.schemaUrl, WireType.bytes)

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

const noBytes: Uint8Array = new Uint8Array(0)
const unset: SpanStatus = { message: '', code: 0 }

/** Writes requests into one block, with what it learns about their bytes on the way. */
export class SpanTranscoder {
  readonly #block: SpanBlock
  readonly #attributes: SpanAttributes
  /** By the bytes of a name: its number. */
  readonly #names: ByteTable
  #bytes = noBytes
  #view = new DataView(this.#bytes.buffer)
  /** The tenant of every span of the request, whatever they say. */
  #tenant: number | undefined
  #refusals = new Refusals()

  /** Another `hash` is for tests. */
  constructor(receivedSeconds: number, hash = hashOf) {
    this.#block = new SpanBlock(receivedSeconds)
    this.#attributes = new SpanAttributes(this.#block, hash)
    this.#names = new ByteTable(hash)
  }

  get rows(): number {
    return this.#block.rows
  }

  get bytes(): number {
    return this.#block.bytes + this.#attributes.size + this.#names.size
  }

  get columnNames(): readonly string[] {
    return this.#block.columnNames
  }

  encode(): Uint8Array[] {
    return this.#block.encode()
  }

  /** Forgets all rows, and keeps the memory for others. What `encode` returned is no longer theirs. */
  clear(receivedSeconds: number): this {
    this.#block.clear(receivedSeconds)
    this.#attributes.clear()
    this.#names.clear()
    this.#read(noBytes)
    return this
  }

  /**
   * Appends the spans of an ExportTraceServiceRequest, except for those that it returns as refused. Throws MalformedOtlpError, with nothing
   * of the request appended, for bytes that are not one.
   */
  append(bytes: Uint8Array, tenant?: string): Refusals {
    checkTraceEnvelope(bytes)
    const block = this.#block
    const mark = block.mark()
    this.#read(bytes)
    this.#tenant = tenant === undefined ? undefined : block.tenant.indexOf(tenant)
    const refusals = new Refusals()
    this.#refusals = refusals
    try {
      const reader = new Reader(bytes, requestType)
      while (reader.position < reader.limit) {
        if (reader.tag(requestType) === resourceSpansTag) this.#resourceSpans(reader)
        else reader.skip()
      }
    } catch (error) {
      block.rollBack(mark)
      throw error
    }
    return refusals
  }

  #read(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#attributes.read(bytes, this.#view)
  }

  /** What spans have of their resource is written behind them, as fields come in any order: the URL of its schema usually last. */
  #resourceSpans(reader: Reader): void {
    const outer = reader.enter()
    const block = this.#block
    const first = block.rows
    const attributes: KeyValue[] = []
    let resource: Resource = { attributes, droppedAttributesCount: 0 }
    let schemaUrl = ''
    while (reader.position < reader.limit) {
      switch (reader.tag(resourceSpansType)) {
        case resourceTag:
          resource = readResource(reader, attributes, resource)
          break
        case scopeSpansTag:
          this.#scopeSpans(reader)
          break
        case resourceSchemaUrlTag:
          schemaUrl = reader.string()
          break
        default:
          reader.skip()
      }
    }
    reader.leave(outer)
    const end = block.rows
    if (end === first) return
    const context = resourceContext({ resource, schemaUrl })
    block.resource.rows.fill(block.resource.indexOf(context.resource), first, end)
    block.service.rows.fill(block.service.indexOf(context.service), first, end)
    inherit(block.user.rows, block.user.indexOf(context.user), first, end)
    if (this.#tenant === undefined)
      inherit(block.tenant.rows, block.tenant.indexOf(context.tenant), first, end)
    else block.tenant.rows.fill(this.#tenant, first, end)
  }

  #scopeSpans(reader: Reader): void {
    const outer = reader.enter()
    const block = this.#block
    const first = block.rows
    const attributes: KeyValue[] = []
    let scope: Scope = { name: '', version: '', attributes, droppedAttributesCount: 0 }
    let schemaUrl = ''
    while (reader.position < reader.limit) {
      switch (reader.tag(scopeSpansType)) {
        case scopeTag:
          scope = readScope(reader, attributes, scope)
          break
        case spansTag:
          this.#span(reader)
          break
        case scopeSchemaUrlTag:
          schemaUrl = reader.string()
          break
        default:
          reader.skip()
      }
    }
    reader.leave(outer)
    const end = block.rows
    if (end === first) return
    block.scope.rows.fill(block.scope.indexOf(scopeContext({ scope, schemaUrl })), first, end)
  }

  #span(reader: Reader): void {
    const outer = reader.enter()
    const block = this.#block
    const { attributes, events, links } = block
    const attributeCount = attributes.count
    const eventLists = events.lists
    const eventCount = events.count
    const eventLength = events.values.length
    const linkLists = links.lists
    const linkCount = links.count
    const linkLength = links.values.length
    let traceId = 0
    let traceIdEnd = 0
    let spanId = 0
    let spanIdEnd = 0
    let parent = 0
    let parentEnd = 0
    let name = 0
    let traceState = ''
    let flags = 0
    let kind = 0
    let start = -1
    let end = -1
    let droppedAttributes = 0
    let droppedEvents = 0
    let droppedLinks = 0
    let status = unset
    const spanAttributes = this.#attributes
    spanAttributes.begin()
    const bytes = this.#bytes
    const { limit } = reader
    while (reader.position < limit) {
      const at = reader.position
      // Half of all fields: attributes of less than 128 bytes.
      if (
        bytes[at] === attributesTag &&
        at + 1 < limit &&
        bytes[at + 1]! <= limit - at - 2 &&
        bytes[at + 1]! < 0x80
      ) {
        reader.position = at + 2 + bytes[at + 1]!
        spanAttributes.append(reader, at + 1, at + 2)
        continue
      }
      switch (reader.tag(spanType)) {
        case attributesTag: {
          const before = reader.position
          spanAttributes.append(reader, before, reader.range())
          break
        }
        case traceIdTag:
          traceId = reader.range()
          traceIdEnd = reader.position
          break
        case spanIdTag:
          spanId = reader.range()
          spanIdEnd = reader.position
          break
        case parentSpanIdTag:
          parent = reader.range()
          parentEnd = reader.position
          break
        case nameTag:
          name = this.#name(reader)
          break
        case kindTag:
          kind = reader.uint32()
          break
        case startTag:
          start = reader.fixed64Range()
          break
        case endTag:
          end = reader.fixed64Range()
          break
        case flagsTag:
          flags = reader.fixed32()
          break
        case statusTag:
          status = readStatus(reader, status)
          break
        case eventsTag:
          block.appendEvent(readEvent(reader))
          break
        case linksTag:
          block.appendLink(readLink(reader))
          break
        case traceStateTag:
          traceState = reader.string()
          break
        case droppedAttributesTag:
          droppedAttributes = reader.uint32()
          break
        case droppedEventsTag:
          droppedEvents = reader.uint32()
          break
        case droppedLinksTag:
          droppedLinks = reader.uint32()
          break
        default:
          reader.skip()
      }
    }
    reader.leave(outer)

    const view = this.#view
    const refusal = idRefusal(
      view,
      traceId,
      traceIdEnd - traceId,
      spanId,
      spanIdEnd - spanId,
      parentEnd - parent,
    )
    if (refusal !== undefined) {
      this.#refusals.add(refusal)
      attributes.truncate(attributeCount)
      events.truncate(eventLists, eventCount, eventLength)
      links.truncate(linkLists, linkCount, linkLength)
      return
    }

    block.reserveRow()
    const row = block.rows++
    const hasParent = parentEnd !== parent
    const traceIds = block.traceId.words
    traceIds[row * 4] = view.getInt32(traceId, true)
    traceIds[row * 4 + 1] = view.getInt32(traceId + 4, true)
    traceIds[row * 4 + 2] = view.getInt32(traceId + 8, true)
    traceIds[row * 4 + 3] = view.getInt32(traceId + 12, true)
    const spanIds = block.spanId.words
    spanIds[row * 2] = view.getInt32(spanId, true)
    spanIds[row * 2 + 1] = view.getInt32(spanId + 4, true)
    const parents = block.parentSpanId.words
    parents[row * 2] = hasParent ? view.getInt32(parent, true) : 0
    parents[row * 2 + 1] = hasParent ? view.getInt32(parent + 4, true) : 0
    this.#times(start, end, row)
    block.name.rows[row] = name
    block.kind.values[row] = kind
    block.status.values[row] = status.code
    block.statusMessage.append(status.message)
    block.traceState.append(traceState)
    block.flags.values[row] = flags
    block.tenant.rows[row] = spanAttributes.tenant
    block.user.rows[row] = spanAttributes.user
    attributes.endRow(row)
    events.endRow(row)
    links.endRow(row)
    block.droppedAttributes.values[row] = droppedAttributes
    block.droppedEvents.values[row] = droppedEvents
    block.droppedLinks.values[row] = droppedLinks
  }

  /** Of the name that comes next: its number in the dictionary. */
  #name(reader: Reader): number {
    const start = reader.textRange()
    const end = reader.position
    if (start === end) return 0
    const known = this.#names.find(this.#view, start, end)
    if (known !== -1) return known
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString()
    const index = this.#block.name.indexOf(text)
    this.#names.add(this.#view, start, end, index)
    return index
  }

  /** Start and, modulo 2⁶⁴, end minus start, of times at these places; one that was not sent is 0. */
  #times(start: number, end: number, row: number): void {
    const view = this.#view
    const startLow = start === -1 ? 0 : view.getUint32(start, true)
    const startHigh = start === -1 ? 0 : view.getUint32(start + 4, true)
    const endLow = end === -1 ? 0 : view.getUint32(end, true)
    const endHigh = end === -1 ? 0 : view.getUint32(end + 4, true)
    const at = row * 2
    const { start: starts, duration: durations } = this.#block
    starts.halves[at] = startLow
    starts.halves[at + 1] = startHigh
    durations.halves[at] = endLow - startLow
    durations.halves[at + 1] = endHigh - startHigh - (endLow < startLow ? 1 : 0)
  }
}

function inherit(rows: Uint32Array, value: number, first: number, end: number): void {
  for (let row = first; row < end; row++) if (rows[row] === inherited) rows[row] = value
}
