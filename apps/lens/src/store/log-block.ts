/** Log records on their way to the table `logs`, as columns. The intake appends requests until the store is free to take the block. */

import type { KeyValue, LogRecord, LogsRequest } from '@rustok/otlp'
import { encodeAttribute } from './attribute-token.ts'
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
} from './native/columns.ts'
import { UInt8Column } from './native/uint8-column.ts'
import {
  nameOf,
  type ResourceContext,
  resourceContext,
  scopeContext,
  tenantKey,
  userKeys,
} from './span-context.ts'
import { timeSources } from './stored-log.ts'

/** For the capacities of the columns alone: they grow. */
const expectedRows = 1024

/** Of the columns with one value of a fixed size a row. */
const bytesPerRow = 112

export class LogBlock {
  rows = 0
  readonly #received: number
  #capacity = expectedRows
  readonly #tokens = new Map<string, number>()

  readonly #tenant = new DictionaryColumn(expectedRows)
  readonly #time = new Int64Column('UInt64', expectedRows)
  readonly #timeSource = new UInt8Column(expectedRows)
  readonly #observed = new Int64Column('UInt64', expectedRows)
  readonly #traceId = new FixedStringColumn(16, expectedRows)
  readonly #spanId = new FixedStringColumn(8, expectedRows)
  readonly #severity = new Int32Column('Int32', expectedRows)
  readonly #severityText = new DictionaryColumn(expectedRows)
  readonly #body = new StringColumn(expectedRows * 64)
  readonly #bodyType = new DictionaryColumn(expectedRows)
  readonly #eventName = new DictionaryColumn(expectedRows)
  readonly #attributes = new DictionaryListColumn(expectedRows)
  readonly #droppedAttributes = new Int32Column('UInt32', expectedRows)
  readonly #resource = new DictionaryColumn(expectedRows)
  readonly #scope = new DictionaryColumn(expectedRows)
  readonly #flags = new Int32Column('UInt32', expectedRows)
  readonly #service = new DictionaryColumn(expectedRows)
  readonly #user = new DictionaryColumn(expectedRows)
  readonly #repeat = new Int32Column('UInt32', expectedRows)
  readonly #receivedColumn = new Int32Column('DateTime', expectedRows)

  readonly #columns = {
    tenant: this.#tenant,
    time: this.#time,
    time_source: this.#timeSource,
    observed: this.#observed,
    trace_id: this.#traceId,
    span_id: this.#spanId,
    severity: this.#severity,
    severity_text: this.#severityText,
    body: this.#body,
    body_type: this.#bodyType,
    event_name: this.#eventName,
    attributes: this.#attributes,
    dropped_attributes: this.#droppedAttributes,
    resource: this.#resource,
    scope: this.#scope,
    flags: this.#flags,
    service: this.#service,
    user: this.#user,
    repeat: this.#repeat,
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
    // Tokens stand in the dictionary and in the map that finds them there.
    let bytes = this.rows * bytesPerRow + this.#attributes.count * 4 + this.#body.buffer.length
    bytes += this.#attributes.dictionary.values.length * 3
    for (const { dictionary } of [this.#resource, this.#scope, this.#eventName, this.#severityText]) {
      bytes += dictionary.values.length
    }
    return bytes
  }

  /** Every record of the request; how many of their ids are none. With a `tenant`, all are its, whatever they say. */
  append({ resourceLogs }: LogsRequest, tenant: string | undefined): number {
    let badIds = 0
    const repeats = new Map<string, number>()
    for (const ofResource of resourceLogs) {
      const context = resourceContext(ofResource)
      for (const ofScope of ofResource.scopeLogs) {
        const scope = scopeContext(ofScope)
        for (const record of ofScope.logRecords) {
          badIds += badIdsOf(record)
          this.#append(record, context, scope, tenant, repeats)
        }
      }
    }
    return badIds
  }

  #append(
    record: LogRecord,
    context: ResourceContext,
    scope: string,
    tenant: string | undefined,
    repeats: Map<string, number>,
  ): void {
    const row = this.#newRow()
    const { timeUnixNano, observedTimeUnixNano, attributes } = record
    const bodyToken = encodeAttribute({ key: '', value: record.body })
    const source = timeUnixNano !== 0n ? 'sent' : observedTimeUnixNano !== 0n ? 'observed' : 'received'
    const ours = BigInt(this.#received) * 1_000_000_000n
    this.#time.set(row, timeUnixNano || observedTimeUnixNano || ours)
    this.#timeSource.values[row] = timeSources.indexOf(source)
    this.#observed.set(row, observedTimeUnixNano)
    this.#traceId.bytes.set(validId(record.traceId, noTraceId), row * 16)
    this.#spanId.bytes.set(validId(record.spanId, noSpanId), row * 8)
    this.#severity.values[row] = record.severityNumber
    this.#severityText.rows[row] = this.#severityText.indexOf(record.severityText)
    // A token is `:t=VALUE` where the key is empty.
    this.#bodyType.rows[row] = this.#bodyType.indexOf(bodyToken[1]!)
    this.#body.append(bodyToken.slice(3))
    this.#eventName.rows[row] = this.#eventName.indexOf(record.eventName)
    for (const attribute of attributes) this.#attributes.append(this.#tokenIndex(encodeAttribute(attribute)))
    this.#attributes.endRow(row)
    this.#droppedAttributes.values[row] = record.droppedAttributesCount
    this.#resource.rows[row] = this.#resource.indexOf(context.resource)
    this.#scope.rows[row] = this.#scope.indexOf(scope)
    this.#flags.values[row] = record.flags
    this.#service.rows[row] = this.#service.indexOf(context.service)
    this.#tenant.rows[row] = this.#tenant.indexOf(tenant ?? named(attributes, tenantKey) ?? context.tenant)
    this.#user.rows[row] = this.#user.indexOf(userOf(attributes) ?? context.user)
    this.#repeat.values[row] = repetition(repeats, `${timeUnixNano} ${observedTimeUnixNano} ${bodyToken}`)
  }

  #newRow(): number {
    if (this.rows === this.#capacity) {
      this.#capacity *= 2
      for (const column of this.#rowColumns) column.reserve(this.#capacity)
    }
    return this.rows++
  }

  #tokenIndex(token: string): number {
    const known = this.#tokens.get(token)
    if (known !== undefined) return known
    const { dictionary } = this.#attributes
    const index = dictionary.count
    dictionary.add(token)
    this.#tokens.set(token, index)
    return index
  }

  /** The block in Native format. Nothing may be appended afterwards. */
  encode(): Uint8Array[] {
    this.#receivedColumn.values.fill(this.#received, 0, this.rows)
    return encodeBlock(this.#columns, this.rows)
  }
}

const noTraceId = new Uint8Array(16)
const noSpanId = new Uint8Array(8)

function badIdsOf({ traceId, spanId }: LogRecord): number {
  const isBad = (id: Uint8Array, length: number) => id.length !== 0 && id.length !== length
  return Number(isBad(traceId, 16)) + Number(isBad(spanId, 8))
}

/** An id of another length is none: OTLP has receivers take the record as one without. */
function validId(id: Uint8Array, none: Uint8Array): Uint8Array {
  return id.length === none.length ? id : none
}

function named(attributes: readonly KeyValue[], key: string): string | undefined {
  for (const attribute of attributes) {
    const name = attribute.key === key ? nameOf(attribute.value) : undefined
    if (name !== undefined) return name
  }
  return undefined
}

function userOf(attributes: readonly KeyValue[]): string | undefined {
  for (const key of userKeys) {
    const name = named(attributes, key)
    if (name !== undefined) return name
  }
  return undefined
}

/** How often the request said this before. */
function repetition(repeats: Map<string, number>, said: string): number {
  const before = repeats.get(said) ?? 0
  repeats.set(said, before + 1)
  return before
}
