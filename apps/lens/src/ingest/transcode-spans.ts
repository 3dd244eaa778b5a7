/**
 * Turns the bytes of an OTLP request into rows of a SpanBlock, without an object for each span and attribute: to decode to objects and to lay those
 * out takes 2.3 times as long. The intake calls it; what it accepts is what `decodeTraceRequest` accepts.
 *
 *   Span ── ids, times, numbers ─▶ copied into their columns
 *        ── name, attributes    ─▶ looked up by their bytes; met before in this block: a number, else read and added to the dictionary
 *        ── events, links       ─▶ read as objects, as few spans have them
 */

import type { KeyValue, Resource, Scope, SpanStatus } from '@rustok/otlp'
import {
  checkTraceEnvelope,
  Reader,
  ResourceSpansField,
  readEvent,
  readKeyValue,
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
import { ByteTable } from '../store/native/byte-table.ts'
import { SpanBlock } from '../store/span-block.ts'
import {
  nameOf,
  type ResourceContext,
  resourceContext,
  scopeContext,
  tenantKey,
  userKeys,
} from '../store/span-context.ts'
import { idRefusal, Refusals } from './admission.ts'

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

const unset: SpanStatus = { message: '', code: 0 }

/** An attribute that says whose the span is: 0 for the tenant, 1 and up for the user, the most telling first. */
interface Owner {
  readonly rank: number
  /** In the dictionary of the column. */
  readonly index: number
}

const noOwner = userKeys.length + 1

/** What the spans of a scope have in common, as numbers in the block's dictionaries. */
interface ScopeRows {
  readonly resource: number
  readonly scope: number
  readonly service: number
  readonly tenant: number
  readonly user: number
}

/** Writes requests into one block, with what it learns about their bytes on the way. */
export class SpanTranscoder {
  readonly #block: SpanBlock
  /** By the bytes of a KeyValue: twice its token's number, and 1 more when it is in `#owners`. */
  readonly #tokens = new ByteTable()
  readonly #owners = new Map<number, Owner>()
  /** By the bytes of a name: its number. */
  readonly #names = new ByteTable()
  #bytes: Uint8Array = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  /** The tenant of every span of the request, whatever they say. */
  #tenant: number | undefined
  #refusals = new Refusals()

  constructor(receivedSeconds: number) {
    this.#block = new SpanBlock(receivedSeconds)
  }

  get rows(): number {
    return this.#block.rows
  }

  get bytes(): number {
    return this.#block.bytes + this.#tokens.size + this.#names.size
  }

  get columnNames(): readonly string[] {
    return this.#block.columnNames
  }

  encode(): Uint8Array[] {
    return this.#block.encode()
  }

  /**
   * Appends the spans of an ExportTraceServiceRequest, except for those that it returns as refused. Throws MalformedOtlpError, with nothing
   * of the request appended, for bytes that are not one.
   */
  append(bytes: Uint8Array, tenant?: string): Refusals {
    checkTraceEnvelope(bytes)
    const block = this.#block
    const mark = block.mark()
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
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

  /** Twice over the fields: a resource may come behind its spans. */
  #resourceSpans(reader: Reader): void {
    const outer = reader.enter()
    const start = reader.position
    const attributes: KeyValue[] = []
    let resource: Resource = { attributes, droppedAttributesCount: 0 }
    let schemaUrl = ''
    while (reader.position < reader.limit) {
      switch (reader.tag(resourceSpansType)) {
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
    const context = resourceContext({ resource, schemaUrl })
    reader.position = start
    while (reader.position < reader.limit) {
      if (reader.tag(resourceSpansType) === scopeSpansTag) this.#scopeSpans(reader, context)
      else reader.skip()
    }
    reader.leave(outer)
  }

  #scopeSpans(reader: Reader, context: ResourceContext): void {
    const outer = reader.enter()
    const start = reader.position
    const attributes: KeyValue[] = []
    let scope: Scope = { name: '', version: '', attributes, droppedAttributesCount: 0 }
    let schemaUrl = ''
    while (reader.position < reader.limit) {
      switch (reader.tag(scopeSpansType)) {
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
    const block = this.#block
    const rows: ScopeRows = {
      resource: block.resource.indexOf(context.resource),
      scope: block.scope.indexOf(scopeContext({ scope, schemaUrl })),
      service: block.service.indexOf(context.service),
      tenant: this.#tenant ?? block.tenant.indexOf(context.tenant),
      user: block.user.indexOf(context.user),
    }
    reader.position = start
    while (reader.position < reader.limit) {
      if (reader.tag(scopeSpansType) === spansTag) this.#span(reader, rows)
      else reader.skip()
    }
    reader.leave(outer)
  }

  #span(reader: Reader, common: ScopeRows): void {
    const outer = reader.enter()
    const block = this.#block
    const { attributes, events, links } = block
    const attributeCount = attributes.count
    const eventCounts = [events.lists, events.count, events.values.length] as const
    const linkCounts = [links.lists, links.count, links.values.length] as const
    let traceId = 0
    let traceIdEnd = 0
    let spanId = 0
    let spanIdEnd = 0
    let parent = 0
    let parentEnd = 0
    let name = 0
    let nameEnd = 0
    let traceState = ''
    let flags = 0
    let kind = 0
    let start = -1
    let end = -1
    let droppedAttributes = 0
    let droppedEvents = 0
    let droppedLinks = 0
    let status = unset
    let tenant = -1
    let user = -1
    let userRank = noOwner
    while (reader.position < reader.limit) {
      switch (reader.tag(spanType)) {
        case attributesTag: {
          const token = this.#token(reader)
          attributes.append(token >>> 1)
          if ((token & 1) === 0) break
          const { rank, index } = this.#owners.get(token)!
          if (rank === 0) {
            if (tenant === -1) tenant = index
          } else if (rank < userRank) {
            user = index
            userRank = rank
          }
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
          name = reader.textRange()
          nameEnd = reader.position
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

    const refusal = idRefusal(
      this.#bytes,
      traceId,
      traceIdEnd - traceId,
      spanId,
      spanIdEnd - spanId,
      parentEnd - parent,
    )
    if (refusal !== undefined) {
      this.#refusals.add(refusal)
      attributes.truncate(attributeCount)
      events.truncate(...eventCounts)
      links.truncate(...linkCounts)
      return
    }

    block.reserveRow()
    const row = block.rows++
    this.#copy(traceId, block.traceId.bytes, row * 16, 16)
    this.#copy(spanId, block.spanId.bytes, row * 8, 8)
    if (parentEnd !== parent) this.#copy(parent, block.parentSpanId.bytes, row * 8, 8)
    else block.parentSpanId.bytes.fill(0, row * 8, row * 8 + 8)
    this.#times(start, end, row)
    block.name.rows[row] = this.#name(name, nameEnd)
    block.kind.values[row] = kind
    block.status.values[row] = status.code
    block.statusMessage.append(status.message)
    block.traceState.append(traceState)
    block.flags.values[row] = flags
    block.resource.rows[row] = common.resource
    block.scope.rows[row] = common.scope
    block.service.rows[row] = common.service
    block.tenant.rows[row] = this.#tenant ?? (tenant === -1 ? common.tenant : tenant)
    block.user.rows[row] = user === -1 ? common.user : user
    attributes.endRow(row)
    events.endRow(row)
    links.endRow(row)
    block.droppedAttributes.values[row] = droppedAttributes
    block.droppedEvents.values[row] = droppedEvents
    block.droppedLinks.values[row] = droppedLinks
  }

  /** Of the KeyValue that comes next. */
  #token(reader: Reader): number {
    const before = reader.position
    const start = reader.range()
    const end = reader.position
    const known = this.#tokens.find(this.#view, start, end)
    if (known !== -1) return known
    reader.position = before
    const attribute = readKeyValue(reader)
    const token = this.#newToken(attribute)
    this.#tokens.add(this.#view, start, end, token)
    return token
  }

  #newToken(attribute: KeyValue): number {
    const token = this.#block.addToken(attribute) * 2
    const { key } = attribute
    const rank = key === tenantKey ? 0 : userKeys.indexOf(key) + 1
    const owner = rank === 0 && key !== tenantKey ? undefined : nameOf(attribute.value)
    if (owner === undefined) return token
    const column = rank === 0 ? this.#block.tenant : this.#block.user
    this.#owners.set(token + 1, { rank, index: column.indexOf(owner) })
    return token + 1
  }

  #name(start: number, end: number): number {
    if (start === end) return 0
    const known = this.#names.find(this.#view, start, end)
    if (known !== -1) return known
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString()
    const index = this.#block.name.indexOf(text)
    this.#names.add(this.#view, start, end, index)
    return index
  }

  #copy(from: number, to: Uint8Array, at: number, count: number): void {
    const bytes = this.#bytes
    for (let index = 0; index < count; index++) to[at + index] = bytes[from + index]!
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
