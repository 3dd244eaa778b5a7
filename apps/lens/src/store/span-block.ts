/**
 * Rows of the table `spans` on their way to the store, as columns. The transcoder (ingest/transcode-spans.ts) writes them, requests upon
 * requests, until the store is free to take the block.
 */

import type { KeyValue, SpanEvent, SpanLink } from '@rustok/otlp'
import { appendAttribute } from './attribute-token.ts'
import { encodeBlock } from './native/block.ts'
import {
  type Column,
  DictionaryColumn,
  DictionaryListColumn,
  FixedStringColumn,
  Int32Column,
  Int64Column,
  type RowColumn,
  StringColumn,
  StringListsColumn,
} from './native/columns.ts'

/** For the capacities of the columns alone: they grow. */
const expectedRows = 1024

/** How far the columns that grow by themselves had grown. */
export interface BlockMark {
  readonly rows: number
  readonly attributes: number
  readonly statusMessage: number
  readonly traceState: number
  readonly events: ListsMark
  readonly links: ListsMark
}

interface ListsMark {
  readonly lists: number
  readonly count: number
  readonly length: number
}

export class SpanBlock {
  rows = 0
  #received: number
  #capacity = expectedRows

  readonly tenant = new DictionaryColumn(expectedRows)
  readonly traceId = new FixedStringColumn(16, expectedRows)
  readonly spanId = new FixedStringColumn(8, expectedRows)
  readonly parentSpanId = new FixedStringColumn(8, expectedRows)
  readonly start = new Int64Column('UInt64', expectedRows)
  readonly duration = new Int64Column('Int64', expectedRows)
  readonly user = new DictionaryColumn(expectedRows)
  readonly service = new DictionaryColumn(expectedRows)
  readonly name = new DictionaryColumn(expectedRows)
  readonly kind = new Int32Column('Int32', expectedRows)
  readonly status = new Int32Column('Int32', expectedRows)
  readonly statusMessage = new StringColumn(expectedRows * 2)
  readonly traceState = new StringColumn(expectedRows * 2)
  readonly flags = new Int32Column('UInt32', expectedRows)
  readonly resource = new DictionaryColumn(expectedRows)
  readonly scope = new DictionaryColumn(expectedRows)
  readonly attributes = new DictionaryListColumn(expectedRows)
  readonly droppedAttributes = new Int32Column('UInt32', expectedRows)
  readonly events = new StringListsColumn(expectedRows, expectedRows)
  readonly droppedEvents = new Int32Column('UInt32', expectedRows)
  readonly links = new StringListsColumn(expectedRows, expectedRows)
  readonly droppedLinks = new Int32Column('UInt32', expectedRows)
  readonly #receivedColumn = new Int32Column('DateTime', expectedRows)

  readonly #columns = {
    tenant: this.tenant,
    trace_id: this.traceId,
    span_id: this.spanId,
    parent_span_id: this.parentSpanId,
    start: this.start,
    duration: this.duration,
    user: this.user,
    service: this.service,
    name: this.name,
    kind: this.kind,
    status: this.status,
    status_message: this.statusMessage,
    trace_state: this.traceState,
    flags: this.flags,
    resource: this.resource,
    scope: this.scope,
    attributes: this.attributes,
    dropped_attributes: this.droppedAttributes,
    events: this.events,
    dropped_events: this.droppedEvents,
    links: this.links,
    dropped_links: this.droppedLinks,
    received: this.#receivedColumn,
  } satisfies Record<string, Column>

  readonly #rowColumns: readonly RowColumn[] = Object.values(this.#columns).filter(
    (column) => 'reserve' in column,
  )

  /** `receivedSeconds` is Unix time: it decides the partition, whatever times the senders claim. */
  constructor(receivedSeconds: number) {
    this.#received = receivedSeconds
  }

  get columnNames(): readonly string[] {
    return Object.keys(this.#columns)
  }

  /** About what the block takes in memory. */
  get bytes(): number {
    const { tenant, user, service, name, resource, scope, attributes } = this
    let bytes = this.rows * bytesPerRow + attributes.count * 4
    for (const { dictionary } of [tenant, user, service, name, resource, scope, attributes]) {
      bytes += dictionary.values.length
    }
    for (const { values } of [this.events, this.links]) bytes += values.length
    for (const { buffer } of [this.statusMessage, this.traceState]) bytes += buffer.length
    return bytes
  }

  /** Makes room for the row number `rows`, so that its values can be written. */
  reserveRow(): void {
    if (this.rows < this.#capacity) return
    this.#capacity *= 2
    for (const column of this.#rowColumns) column.reserve(this.#capacity)
  }

  mark(): BlockMark {
    return {
      rows: this.rows,
      attributes: this.attributes.count,
      statusMessage: this.statusMessage.buffer.length,
      traceState: this.traceState.buffer.length,
      events: marked(this.events),
      links: marked(this.links),
    }
  }

  /** Gives up the rows since the mark. What they added to dictionaries stays, and is used when it comes again. */
  rollBack(mark: BlockMark): void {
    this.rows = mark.rows
    this.attributes.truncate(mark.attributes)
    this.statusMessage.truncate(mark.statusMessage)
    this.traceState.truncate(mark.traceState)
    this.events.truncate(mark.events.lists, mark.events.count, mark.events.length)
    this.links.truncate(mark.links.lists, mark.links.count, mark.links.length)
  }

  /** [time and dropped count, name, attributes…]; the first has no `=`, so that it cannot be taken for an attribute. */
  appendEvent(event: SpanEvent): void {
    const { values } = this.events
    values.appendString(`${event.timeUnixNano} ${event.droppedAttributesCount}`)
    values.appendString(`name:s=${event.name}`)
    for (const attribute of event.attributes) appendAttribute(values, attribute)
    this.events.endList(2 + event.attributes.length)
  }

  /** [trace id, span id, flags and dropped count, trace state, attributes…] */
  appendLink(link: SpanLink): void {
    const { values } = this.links
    values.appendString(
      `${hex(link.traceId)} ${hex(link.spanId)} ${link.flags} ${link.droppedAttributesCount}`,
    )
    values.appendString(`state:s=${link.traceState}`)
    for (const attribute of link.attributes) appendAttribute(values, attribute)
    this.links.endList(2 + link.attributes.length)
  }

  /** A new entry of the attributes' dictionary: its number. */
  addToken(attribute: KeyValue): number {
    const { dictionary } = this.attributes
    appendAttribute(dictionary.values, attribute)
    return dictionary.count++
  }

  /** Forgets all rows, and keeps the memory for others. What `encode` returned is no longer theirs. */
  clear(receivedSeconds: number): void {
    this.rows = 0
    this.#received = receivedSeconds
    const { tenant, user, service, name, resource, scope, attributes, events, links } = this
    for (const column of [tenant, user, service, name, resource, scope, attributes]) column.clear()
    for (const column of [events, links]) column.truncate(0, 0, 0)
    for (const column of [this.statusMessage, this.traceState]) column.truncate(0)
  }

  /** The block in Native format. Nothing may be appended afterwards, until it is cleared. */
  encode(): Uint8Array[] {
    this.#receivedColumn.reserve(this.rows)
    this.#receivedColumn.values.fill(this.#received, 0, this.rows)
    return encodeBlock(this.#columns, this.rows)
  }
}

/** Of the columns with one value of a fixed size a row. */
const bytesPerRow = 136

function marked({ lists, count, values }: StringListsColumn): ListsMark {
  return { lists, count, length: values.length }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
