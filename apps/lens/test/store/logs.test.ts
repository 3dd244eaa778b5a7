/** Log records in the real engine: whatever OTLP can say comes back, and what is asked for is found without reading the rest. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { LogRecord, LogsRequest } from '@rustok/otlp'
import fc from 'fast-check'
import { pino } from 'pino'
import { configFromEnvironment } from '../../src/config.ts'
import { type LogFilter, logFilterSql } from '../../src/query/logs/log-filter.ts'
import { countLogs, readLogs } from '../../src/query/logs/read-logs.ts'
import { LogBlock } from '../../src/store/log-block.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { anyCharacter } from '../support/any-character.ts'
import { anyValue, keyValue } from '../support/arbitrary-otlp.ts'
import { hex, traceId } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

let directory: TemporaryDirectory
let store: Store
before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    configFromEnvironment({ RUSTOK_DATA_DIR: directory.path }),
    pino({ level: 'silent' }),
  )
})
after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

const endOfTime = 2n ** 64n - 1n
const everything: LogFilter = { from: 0n, to: endOfTime }

function requestOf(service: string, logRecords: readonly LogRecord[]): LogsRequest {
  const resource = { attributes: [{ key: 'service.name', value: service }], droppedAttributesCount: 3 }
  const scope = { name: 'lib', version: '1', attributes: [], droppedAttributesCount: 0 }
  return {
    resourceLogs: [{ resource, schemaUrl: 'r', scopeLogs: [{ scope, schemaUrl: 's', logRecords }] }],
  }
}

async function insert(request: LogsRequest, tenant?: string): Promise<void> {
  const block = new LogBlock(Math.floor(Date.now() / 1000))
  block.append(request, tenant)
  await store.engine.insert('logs', block.columnNames, block.encode())
}

const blank: LogRecord = {
  timeUnixNano: 1n,
  observedTimeUnixNano: 0n,
  severityNumber: 0,
  severityText: '',
  body: undefined,
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
  traceId: new Uint8Array(0),
  spanId: new Uint8Array(0),
  eventName: '',
}

const text = fc.string({ unit: anyCharacter, maxLength: 60 }).map((value) => value.toWellFormed())
const id = (length: number) =>
  fc.oneof(
    fc.constant(new Uint8Array(0)),
    fc
      .uint8Array({ minLength: length, maxLength: length })
      .filter((bytes) => bytes.some((byte) => byte !== 0)),
  )
const anyRecord: fc.Arbitrary<LogRecord> = fc.record(
  {
    // Not 0: the receiver's clock would stand in for it.
    timeUnixNano: fc.bigInt({ min: 1n, max: endOfTime }),
    observedTimeUnixNano: fc.bigInt({ min: 0n, max: endOfTime }),
    severityNumber: fc.oneof(fc.nat({ max: 24 }), fc.integer()),
    severityText: text,
    body: anyValue,
    attributes: fc.array(keyValue, { maxLength: 4 }),
    droppedAttributesCount: fc.nat({ max: 0xffff_ffff }),
    flags: fc.nat({ max: 0xffff_ffff }),
    traceId: id(16),
    spanId: id(8),
    eventName: text,
  },
  { noNullPrototype: true },
)

test('brings back every record that OTLP can say, bit for bit, once, however often it was stored', async () => {
  const keyOf = (time: bigint, eventName: string) => `${time} ${eventName}`
  const drawn = fc.sample(anyRecord, { numRuns: 300, seed: 11 })
  // What comes back is told apart by these two.
  const records = [...new Map(drawn.map((one) => [keyOf(one.timeUnixNano, one.eventName), one])).values()]
  const request = requestOf('any', records)
  await insert(request)
  await insert(request)
  const { logs } = await readLogs(store.engine, { ...everything, service: 'any' }, 'oldest', 1000, undefined)
  assert.equal(logs.length, records.length)
  assert.deepEqual(await countLogs(store.engine, { ...everything, service: 'any' }), {
    total: records.length,
    isExact: true,
  })
  const stored = new Map(logs.map((log) => [keyOf(log.timeUnixNano, log.eventName), log]))
  for (const record of records) {
    const log = stored.get(keyOf(record.timeUnixNano, record.eventName))
    assert.ok(log)
    assert.deepEqual(
      {
        timeUnixNano: log.timeUnixNano,
        observedTimeUnixNano: log.observedUnixNano,
        severityNumber: log.severityNumber,
        severityText: log.severityText,
        body: log.body,
        attributes: log.attributes,
        droppedAttributesCount: log.droppedAttributes,
        flags: log.flags,
        traceId: log.traceId,
        spanId: log.spanId,
        eventName: log.eventName,
      },
      { ...record, traceId: hex(record.traceId), spanId: hex(record.spanId) },
    )
    assert.deepEqual([log.timeSource, log.service], ['sent', 'any'])
    assert.deepEqual(
      [log.resource.droppedAttributes, log.resource.schemaUrl, log.scope.schemaUrl],
      [3, 'r', 's'],
    )
  }
})

test('files records under the tenant that is given, whatever they say', async () => {
  const record = { ...blank, attributes: [{ key: 'tenant_id', value: 'claimed' }], body: 'hello' }
  await insert(requestOf('tenants', [record]), 'given')
  const { logs } = await readLogs(
    store.engine,
    { ...everything, service: 'tenants' },
    'newest',
    10,
    undefined,
  )
  assert.deepEqual(
    logs.map(({ tenant, attributes }) => [tenant, attributes[0]?.value]),
    [['given', 'claimed']],
  )
})

test('counts the same line of two tenants, services or requests that say it twice as what it is', async () => {
  const line = { ...blank, body: 'same line', timeUnixNano: 77n }
  await insert(requestOf('twice-a', [line, line]))
  await insert(requestOf('twice-a', [line]))
  await insert(requestOf('twice-b', [line]))
  await insert(requestOf('twice-b', [line]), 'another')
  const { total } = await countLogs(store.engine, { from: 77n, to: 77n })
  assert.equal(total, 4)
})

test('finds a trace and a rare word without reading the other records', async () => {
  const wanted = traceId()
  const perTrace = 10
  const total = 200_000
  const records = Array.from({ length: total }, (_, index) => ({
    ...blank,
    timeUnixNano: BigInt(index) * 1_000_000n + 1n,
    body: `request ${index} of order ${(index * 7919) % 100_003} took ${index % 997} ms`,
    traceId:
      index >= 90_000 && index < 90_000 + perTrace
        ? wanted
        : new Uint8Array(Buffer.from(index.toString(16).padStart(32, 'a'), 'hex')),
  }))
  for (let from = 0; from < total; from += 50_000)
    await insert(requestOf('many', records.slice(from, from + 50_000)))

  const granules = async (filter: LogFilter) => {
    const { where, parameters } = logFilterSql(filter)
    const { rows } = await store.engine.query<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT body FROM logs WHERE ${where}`,
      parameters,
    )
    const read = rows.flatMap(({ explain }) => /Granules: (\d+)\/\d+/.exec(explain)?.[1] ?? []).at(-1)
    return Number(read)
  }
  const many: LogFilter = { ...everything, service: 'many' }
  const all = await granules(many)
  assert.ok(all >= 20, `${all} granules in all`)
  assert.ok((await granules({ ...many, traceId: hex(wanted) })) <= 3)
  assert.ok((await granules({ ...many, words: ['100002'] })) <= all / 4)

  const { logs } = await readLogs(
    store.engine,
    { ...everything, traceId: hex(wanted) },
    'oldest',
    100,
    undefined,
  )
  assert.equal(logs.length, perTrace)
  const { total: found } = await countLogs(store.engine, { ...many, words: ['ORDER', '4711'] })
  assert.equal(found, records.filter(({ body }) => /\b4711\b/.test(body)).length)
})

test('is brought to a store of the schema before it, and again to one where that was cut short', async () => {
  await store.engine.command('DROP TABLE logs SYNC')
  for (let attempt = 0; attempt < 2; attempt++) {
    // The second attempt finds the table, and no word of it.
    await store.engine.command(
      'ALTER TABLE schema_versions DELETE WHERE version = 4 SETTINGS mutations_sync = 1',
    )
    await migrate(store.engine, 'the store')
    await insert(requestOf(`after ${attempt}`, [blank]))
  }
  const { logs } = await readLogs(store.engine, everything, 'oldest', 10, undefined)
  assert.deepEqual(logs.map(({ service }) => service).sort(), ['after 0', 'after 1'])
})
