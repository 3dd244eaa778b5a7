/** The store against the real engine: whatever OTLP can say comes back, once. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Span } from '@rustok/otlp'
import fc from 'fast-check'
import { pino } from 'pino'
import { readSpans } from '../../src/query/read-spans.ts'
import { StartupError } from '../../src/startup-error.ts'
import { QueryLimitError } from '../../src/store/engine.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { anyCharacter } from '../support/any-character.ts'
import { anySpan, keyValue } from '../support/arbitrary-otlp.ts'
import { spanBlock } from '../support/blocks.ts'
import { attributes, hex, resourceSpans, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

let directory: TemporaryDirectory
let store: Store

before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore(
    { dataDirectory: directory.path, clickhouseUrl: undefined },
    pino({ level: 'silent' }),
  )
})

after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})

async function insert(spans: readonly Span[], service = 'shop', extra = {}): Promise<void> {
  const block = spanBlock([{ resourceSpans: [resourceSpans(service, spans, extra)] }])
  await store.engine.insert('spans', block.columnNames, block.encode())
}

test('brings back every span that OTLP can say, bit for bit', async () => {
  // One insert for many generated spans: the engine is asked once, the values are what varies.
  const generated = fc.sample(fc.tuple(anySpan, fc.array(keyValue, { maxLength: 3 })), {
    numRuns: 300,
    seed: 7,
  })
  const spans = generated.map(([generatedSpan]) => generatedSpan)
  await insert(spans)
  const stored = await readSpans(
    store.engine,
    spans.map(({ traceId }) => hex(traceId)),
  )
  const byId = new Map(stored.map((row) => [`${row.traceId} ${row.spanId}`, row]))
  assert.equal(stored.length, spans.length)
  for (const sent of spans) {
    const row = byId.get(`${hex(sent.traceId)} ${hex(sent.spanId)}`)
    assert.ok(row !== undefined)
    assert.deepEqual(
      {
        traceState: row.traceState,
        parentSpanId: row.parentSpanId,
        flags: row.flags,
        name: row.name,
        kind: row.kind,
        start: row.startUnixNano,
        end: BigInt.asUintN(64, row.startUnixNano + row.durationNano),
        attributes: row.attributes,
        dropped: [row.droppedAttributes, row.droppedEvents, row.droppedLinks],
        events: row.events,
        links: row.links,
        status: row.status,
        statusMessage: row.statusMessage,
      },
      {
        traceState: sent.traceState,
        parentSpanId: hex(sent.parentSpanId),
        flags: sent.flags,
        name: sent.name,
        kind: sent.kind,
        start: sent.startTimeUnixNano,
        end: sent.endTimeUnixNano,
        attributes: sent.attributes,
        dropped: [sent.droppedAttributesCount, sent.droppedEventsCount, sent.droppedLinksCount],
        events: sent.events.map(({ droppedAttributesCount, ...event }) => ({
          ...event,
          droppedAttributes: droppedAttributesCount,
        })),
        links: sent.links.map(({ droppedAttributesCount, ...link }) => ({
          ...link,
          traceId: hex(link.traceId),
          spanId: hex(link.spanId),
          droppedAttributes: droppedAttributesCount,
        })),
        status: sent.status.code,
        statusMessage: sent.status.message,
      },
    )
  }
})

test('brings back resource and scope with schema URLs and dropped counts', async () => {
  const sent = span()
  const { resource } = resourceSpans('shop', [sent], { resource: { replicas: 3n } })
  const scope = {
    scope: { name: 'lib', version: '2', attributes: attributes({ debug: true }), droppedAttributesCount: 4 },
    schemaUrl: 'https://opentelemetry.io/schemas/1.41.0',
    spans: [sent],
  }
  const schemaUrl = 'https://opentelemetry.io/schemas/1.40.0'
  const block = spanBlock([
    {
      resourceSpans: [
        { resource: { ...resource, droppedAttributesCount: 2 }, schemaUrl, scopeSpans: [scope] },
      ],
    },
  ])
  await store.engine.insert('spans', block.columnNames, block.encode())
  const [row] = await readSpans(store.engine, [hex(sent.traceId)])
  assert.deepEqual(row?.resource, {
    attributes: attributes({ 'service.name': 'shop', replicas: 3n }),
    droppedAttributes: 2,
    schemaUrl: 'https://opentelemetry.io/schemas/1.40.0',
  })
  assert.deepEqual(row?.scope, {
    name: 'lib',
    version: '2',
    attributes: attributes({ debug: true }),
    droppedAttributes: 4,
    schemaUrl: 'https://opentelemetry.io/schemas/1.41.0',
  })
})

test('names services without a name as Jaeger does', async () => {
  const nameless = span()
  const other = span()
  const without = {
    ...resourceSpans('', [other]),
    resource: { attributes: [], droppedAttributesCount: 0 },
  }
  const block = spanBlock([{ resourceSpans: [resourceSpans('', [nameless]), without] }], 0)
  await store.engine.insert('spans', block.columnNames, block.encode())
  const rows = await readSpans(store.engine, [hex(nameless.traceId), hex(other.traceId)])
  const services = new Map(rows.map(({ traceId, service }) => [traceId, service]))
  assert.equal(services.get(hex(nameless.traceId)), 'empty-service-name')
  assert.equal(services.get(hex(other.traceId)), 'missing-service-name')
})

test('takes tenant and user from the span, else from the resource, and user by its conventional names', async () => {
  const inherited = span()
  const own = span({ attributes: attributes({ tenant_id: 'globex', 'enduser.id': 'carol' }) })
  const numbered = span({ attributes: attributes({ tenant_id: 42n, 'user.id': 'dave', user_id: 'erin' }) })
  await insert([inherited, own, numbered], 'shop', { resource: { tenant_id: 'acme', user_id: 'bob' } })
  const rows = await readSpans(
    store.engine,
    [inherited, own, numbered].map(({ traceId }) => hex(traceId)),
  )
  const found = new Map(rows.map(({ traceId, tenant, user }) => [traceId, { tenant, user }]))
  assert.deepEqual(found.get(hex(inherited.traceId)), { tenant: 'acme', user: 'bob' })
  assert.deepEqual(found.get(hex(own.traceId)), { tenant: 'globex', user: 'carol' })
  assert.deepEqual(found.get(hex(numbered.traceId)), { tenant: '42', user: 'erin' })
})

test('answers with a span once when it was stored twice, in one insert or in two', async () => {
  const twice = span()
  await insert([twice, twice])
  await insert([span({ traceId: twice.traceId }), twice])
  assert.equal((await readSpans(store.engine, [hex(twice.traceId)])).length, 2)
})

test('binds every string as a parameter, whatever it looks like', async () => {
  const hostile = [
    "'",
    "\\'",
    '\\',
    '{x:String}',
    "'; DROP TABLE spans; --",
    '\t\n\r\0',
    '\\N',
    '🙂',
    "\\x00'",
  ]
  const generated = fc.sample(fc.string({ unit: anyCharacter }), { numRuns: 200, seed: 11 })
  for (const value of [...hostile, ...generated.map((text) => text.toWellFormed())]) {
    const { rows } = await store.engine.query<{ value: string; list: string[] }>(
      'SELECT {value:String} AS value, {list:Array(String)} AS list',
      { value, list: [value, 'x'] },
    )
    assert.deepEqual(rows, [{ value, list: [value, 'x'] }])
  }
})

test('runs statements with parameters side by side without mixing them up', async () => {
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const { rows } = await store.engine.query<{ value: string }>(
        'SELECT {value:String} AS value, sleep(0.01)',
        { value: `v${index}` },
      )
      return rows[0]?.value
    }),
  )
  assert.deepEqual(
    answers,
    Array.from({ length: 40 }, (_, index) => `v${index}`),
  )
})

test('stops a query at its limits of time and of rows', async () => {
  const limits = { seconds: 1, memoryBytes: 500_000_000, resultRows: 1000 }
  const endless = 'SELECT count() AS count FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
  await assert.rejects(store.engine.query(endless, {}, { limits }), QueryLimitError)
  await assert.rejects(
    store.engine.query('SELECT number FROM numbers(1001)', {}, { limits }),
    QueryLimitError,
  )
  assert.equal(
    (await store.engine.query('SELECT number FROM numbers(1000)', {}, { limits })).rows.length,
    1000,
  )
})

test('keeps what a failed query had written out of the next answers', async () => {
  const limits = { seconds: 5, memoryBytes: 500_000_000, resultRows: 10 }
  // As many failures as the engine has sessions, and more.
  for (let round = 0; round < 10; round++) {
    await assert.rejects(
      store.engine.query('SELECT number FROM numbers(1001)', {}, { limits }),
      QueryLimitError,
    )
    assert.deepEqual((await store.engine.query('SELECT 1 AS one', {}, { limits })).rows, [{ one: 1 }])
  }
})

test('stops a query in the engine when its asker goes away', async () => {
  const controller = new AbortController()
  const endless = 'SELECT count() AS count FROM numbers(1000000000000) WHERE sipHash64(number) = 2'
  const query = store.engine.query(endless, {}, { signal: controller.signal })
  const running = async () => {
    const { rows } = await store.engine.query<{ count: string }>(
      "SELECT count() AS count FROM system.processes WHERE query LIKE '%sipHash64(number) = 2%' AND query NOT LIKE '%processes%'",
    )
    return Number(rows[0]?.count)
  }
  await until(async () => (await running()) === 1)
  controller.abort()
  await assert.rejects(query, { name: 'AbortError' })
  await until(async () => (await running()) === 0)
})

test('reports how many rows there were before a limit', async () => {
  const { rows, rowsBeforeLimit } = await store.engine.query(
    'SELECT number FROM numbers(5000) ORDER BY number LIMIT 3',
  )
  assert.equal(rows.length, 3)
  assert.equal(rowsBeforeLimit, 5000)
})

test('leaves a schema that is up to date as it is, and refuses one of a newer Lens', async () => {
  const versions = async () =>
    (
      await store.engine.query<{ version: number }>('SELECT version FROM schema_versions ORDER BY version')
    ).rows.map(({ version }) => version)
  const applied = await versions()
  assert.deepEqual(applied.slice(0, 2), [1, 2])
  await migrate(store.engine, 'the directory')
  assert.deepEqual(await versions(), applied)
  await store.engine.command("INSERT INTO schema_versions SELECT 999, 'future', now()")
  await assert.rejects(
    migrate(store.engine, 'the directory'),
    (error) =>
      error instanceof StartupError &&
      /^the directory was written by a newer rustok-lens/.test(error.message),
  )
})

/** Polls for a state that the engine reaches by itself. The test's own timeout ends it. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

test('answers with columns what it answers with rows, of every type that is read, in one block and in many', async () => {
  const text = fc.string({ unit: anyCharacter, maxLength: 20 }).map((value) => value.toWellFormed())
  const texts = fc.sample(text, { numRuns: 40, seed: 11 })
  const count = 700
  const statement = `SELECT toUInt8(number % 256) AS byte, toUInt32(number * 6134757) AS small, toInt32(number * -3067378) AS signed,
      1 / (number + 1) AS ratio, bitXor(number * 26353589488574, 0xf0f0f0f0f0f0f0f0) AS big, toInt64(number * -13176794744287000) AS less,
      {texts:Array(String)}[number % 41] AS text, toLowCardinality({texts:Array(String)}[number % 41]) AS named,
      toFixedString(unhex(leftPad(hex(number * 7), 16, '0')), 8) AS id, arraySlice({texts:Array(String)}, 1, number % 5) AS list,
      arrayMap(n -> number * n * 88172645463325, range(number % 4)) AS numbers
    FROM numbers({count:UInt32}) ORDER BY number`
  for (const blocks of ['', ' SETTINGS max_block_size = 64']) {
    const columns = await store.engine.columns(statement + blocks, { texts, count })
    const { rows } = await store.engine.query<Record<string, unknown>>(
      statement.replace(' AS id', ' AS raw').replace('SELECT', 'SELECT lower(hex(raw)) AS id, '),
      { texts, count },
    )
    assert.equal(columns.rows, count)
    const of = (name: string) => rows.map((row) => row[name])
    for (const name of ['byte', 'small', 'signed', 'ratio'])
      assert.deepEqual([...columns.numbers(name)], of(name))
    for (const name of ['big', 'less']) assert.deepEqual([...columns.bigints(name)].map(String), of(name))
    const since = 2n ** 63n + 12_345n
    const within = [...columns.bigints('less')].map((value) => Number(value - since))
    assert.deepEqual([...columns.doubles('less', since)], within)
    assert.deepEqual(columns.texts('text'), of('text'))
    const { values, index } = columns.named('named')
    assert.equal(new Set(values).size, values.length)
    assert.deepEqual(
      Array.from(index, (place) => values[place]),
      of('named'),
    )
    assert.equal(Buffer.from(columns.bytes('id')).toString('hex'), of('id').join(''))
    assert.deepEqual(columns.textLists('list'), of('list'))
    assert.deepEqual(
      columns.bigintLists('numbers').map((list) => list.map(String)),
      of('numbers'),
    )
  }
})

test('answers with no columns of no rows, says which column is not what is asked for, and what limit was in the way', async () => {
  const none = await store.engine.columns(
    "SELECT span_id, name FROM spans WHERE trace_id = unhex(repeat('77', 16))",
  )
  assert.deepEqual([none.rows, none.bytes('span_id').length, none.named('name').values], [0, 0, []])
  const one = await store.engine.columns('SELECT toUInt8(1) AS a')
  assert.throws(() => one.texts('a'), /column a is NumberValues/)
  assert.throws(() => one.texts('b'), /column b is missing/)
  await assert.rejects(
    store.engine.columns(
      'SELECT number FROM numbers(1000)',
      {},
      { limits: { seconds: 5, memoryBytes: 1e9, resultRows: 10 } },
    ),
    QueryLimitError,
  )
  await assert.rejects(store.engine.columns('SELECT now64() AS at'), /no columns of DateTime64/)
})
