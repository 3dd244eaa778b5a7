/**
 * Spans of the OTLP model as columns of the table `spans`: the pure step between decoder and store. The ingest appends requests to one
 * block until the store is free to take it.
 */

import type { KeyValue, ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink } from '@rustok/otlp'
import { appendAttribute } from './attribute-token.ts'
import { encodeBlock } from './native/block.ts'
import {
  type Column,
  DictionaryColumn,
  FixedColumn,
  StringColumn,
  StringListColumn,
  StringListsColumn,
} from './native/columns.ts'
import { encodeResource, encodeScope } from './resource-blob.ts'

/** What a span inherits from the request that it came in. */
export interface SpanContext {
  readonly resource: string
  readonly scope: string
  readonly service: string
  readonly tenant: string
  readonly user: string
}

export function spanContext(resourceSpans: ResourceSpans, scopeSpans: ScopeSpans): SpanContext {
  const { attributes } = resourceSpans.resource
  return {
    resource: encodeResource(resourceSpans),
    scope: encodeScope(scopeSpans),
    service: serviceName(attributes),
    tenant: textOf(attributes, 'tenant_id') ?? '',
    user: firstTextOf(attributes, userKeys) ?? '',
  }
}

/** In Jaeger's words, so that its clients and ours name such spans alike. */
function serviceName(attributes: readonly KeyValue[]): string {
  const name = textOf(attributes, 'service.name')
  if (name === undefined) return 'missing-service-name'
  return name === '' ? 'empty-service-name' : name
}

/** The most telling of a span's names for its user: ours, then the conventions' old and new. */
const userKeys = ['user_id', 'enduser.id', 'user.id'] as const

function firstTextOf(attributes: readonly KeyValue[], keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = textOf(attributes, key)
    if (text !== undefined) return text
  }
  return undefined
}

function textOf(attributes: readonly KeyValue[], key: string): string | undefined {
  for (const attribute of attributes) {
    if (attribute.key !== key) continue
    const { value } = attribute
    if (typeof value === 'string') return value
    if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
      return String(value)
  }
  return undefined
}

export class SpanBlock {
  /** For the capacities of the columns alone: they grow. */
  static readonly #expectedRows = 1024

  rows = 0
  readonly #received: number

  readonly #tenant = new DictionaryColumn(SpanBlock.#expectedRows)
  readonly #traceId = new FixedColumn('FixedString(16)', 16, SpanBlock.#expectedRows)
  readonly #spanId = new FixedColumn('FixedString(8)', 8, SpanBlock.#expectedRows)
  readonly #parentSpanId = new FixedColumn('FixedString(8)', 8, SpanBlock.#expectedRows)
  readonly #start = new FixedColumn('UInt64', 8, SpanBlock.#expectedRows)
  readonly #duration = new FixedColumn('Int64', 8, SpanBlock.#expectedRows)
  readonly #user = new DictionaryColumn(SpanBlock.#expectedRows)
  readonly #service = new DictionaryColumn(SpanBlock.#expectedRows)
  readonly #name = new DictionaryColumn(SpanBlock.#expectedRows)
  readonly #kind = new FixedColumn('Int32', 4, SpanBlock.#expectedRows)
  readonly #status = new FixedColumn('Int32', 4, SpanBlock.#expectedRows)
  readonly #statusMessage = new StringColumn(SpanBlock.#expectedRows * 2)
  readonly #traceState = new StringColumn(SpanBlock.#expectedRows * 2)
  readonly #flags = new FixedColumn('UInt32', 4, SpanBlock.#expectedRows)
  readonly #resource = new DictionaryColumn(SpanBlock.#expectedRows)
  readonly #scope = new DictionaryColumn(SpanBlock.#expectedRows)
  readonly #attributes = new StringListColumn(SpanBlock.#expectedRows, SpanBlock.#expectedRows * 256)
  readonly #droppedAttributes = new FixedColumn('UInt32', 4, SpanBlock.#expectedRows)
  readonly #events = new StringListsColumn(SpanBlock.#expectedRows, SpanBlock.#expectedRows * 16)
  readonly #droppedEvents = new FixedColumn('UInt32', 4, SpanBlock.#expectedRows)
  readonly #links = new StringListsColumn(SpanBlock.#expectedRows, SpanBlock.#expectedRows)
  readonly #droppedLinks = new FixedColumn('UInt32', 4, SpanBlock.#expectedRows)
  readonly #receivedColumn = new FixedColumn('DateTime', 4, SpanBlock.#expectedRows)

  readonly #columns = {
    tenant: this.#tenant,
    trace_id: this.#traceId,
    span_id: this.#spanId,
    parent_span_id: this.#parentSpanId,
    start: this.#start,
    duration: this.#duration,
    user: this.#user,
    service: this.#service,
    name: this.#name,
    kind: this.#kind,
    status: this.#status,
    status_message: this.#statusMessage,
    trace_state: this.#traceState,
    flags: this.#flags,
    resource: this.#resource,
    scope: this.#scope,
    attributes: this.#attributes,
    dropped_attributes: this.#droppedAttributes,
    events: this.#events,
    dropped_events: this.#droppedEvents,
    links: this.#links,
    dropped_links: this.#droppedLinks,
    received: this.#receivedColumn,
  } satisfies Record<string, Column>

  /** `receivedSeconds` is Unix time: it decides the partition, whatever times the senders claim. */
  constructor(receivedSeconds: number) {
    this.#received = receivedSeconds
  }

  get columnNames(): readonly string[] {
    return Object.keys(this.#columns)
  }

  /** Bytes of the parts that grow without a bound a row; the rest is about 100 bytes a row. */
  get bytes(): number {
    return (
      this.rows * 100 +
      this.#attributes.values.length +
      this.#events.values.length +
      this.#links.values.length +
      this.#statusMessage.buffer.length +
      this.#traceState.buffer.length
    )
  }

  /** Ids must have their lengths; a parent may be empty. */
  append(span: Span, context: SpanContext): void {
    this.rows++
    this.#traceId.buffer.append(span.traceId)
    this.#spanId.buffer.append(span.spanId)
    this.#parentSpanId.buffer.append(span.parentSpanId.length === 8 ? span.parentSpanId : noSpanId)
    this.#start.buffer.appendUint64(span.startTimeUnixNano)
    this.#duration.buffer.appendUint64(span.endTimeUnixNano - span.startTimeUnixNano)
    this.#tenant.append(textOf(span.attributes, 'tenant_id') ?? context.tenant)
    this.#user.append(firstTextOf(span.attributes, userKeys) ?? context.user)
    this.#service.append(context.service)
    this.#name.append(span.name)
    this.#kind.buffer.appendUint32(span.kind)
    this.#status.buffer.appendUint32(span.status.code)
    this.#statusMessage.append(span.status.message)
    this.#traceState.append(span.traceState)
    this.#flags.buffer.appendUint32(span.flags)
    this.#resource.append(context.resource)
    this.#scope.append(context.scope)
    for (const attribute of span.attributes) appendAttribute(this.#attributes.values, attribute)
    this.#attributes.endRow(span.attributes.length)
    this.#droppedAttributes.buffer.appendUint32(span.droppedAttributesCount)
    for (const event of span.events) this.#appendEvent(event)
    this.#events.endRow()
    this.#droppedEvents.buffer.appendUint32(span.droppedEventsCount)
    for (const link of span.links) this.#appendLink(link)
    this.#links.endRow()
    this.#droppedLinks.buffer.appendUint32(span.droppedLinksCount)
    this.#receivedColumn.buffer.appendUint32(this.#received)
  }

  /** [time and dropped count, name, attributes…]; the first has no `=`, so that it cannot be taken for an attribute. */
  #appendEvent(event: SpanEvent): void {
    const { values } = this.#events
    values.appendString(`${event.timeUnixNano} ${event.droppedAttributesCount}`)
    values.appendString(`name:s=${event.name}`)
    for (const attribute of event.attributes) appendAttribute(values, attribute)
    this.#events.endList(2 + event.attributes.length)
  }

  /** [trace id, span id, flags and dropped count, trace state, attributes…] */
  #appendLink(link: SpanLink): void {
    const { values } = this.#links
    values.appendString(
      `${hex(link.traceId)} ${hex(link.spanId)} ${link.flags} ${link.droppedAttributesCount}`,
    )
    values.appendString(`state:s=${link.traceState}`)
    for (const attribute of link.attributes) appendAttribute(values, attribute)
    this.#links.endList(2 + link.attributes.length)
  }

  /** The block in Native format. Nothing may be appended afterwards. */
  encode(): Uint8Array[] {
    return encodeBlock(this.#columns, this.rows)
  }
}

const noSpanId = new Uint8Array(8)

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
