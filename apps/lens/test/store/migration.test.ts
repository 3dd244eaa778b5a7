/** Stores that an older Lens wrote, brought to the schema of this one: nothing is lost, wherever an attempt was cut short. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { findTraces } from '../../src/query/find-traces.ts'
import { listOperations, listServices } from '../../src/query/list-services.ts'
import { readSpans } from '../../src/query/read-spans.ts'
import { ClickHouseEngine } from '../../src/store/clickhouse-engine.ts'
import { EngineProcess } from '../../src/store/embedded/engine-process.ts'
import { spans as firstSchema } from '../../src/store/schema/0001-spans.ts'
import { spansByHour } from '../../src/store/schema/0002-spans-by-hour.ts'
import { calls } from '../../src/store/schema/0003-calls.ts'
import { logs } from '../../src/store/schema/0004-logs.ts'
import { entries } from '../../src/store/schema/0005-entries.ts'
import { youngParts } from '../../src/store/schema/0006-young-parts.ts'
import { resources } from '../../src/store/schema/0007-resources.ts'
import { singleServer } from '../../src/store/schema/dialect.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { anySpan } from '../support/arbitrary-otlp.ts'
import { spanBlock } from '../support/blocks.ts'
import { hex, request, resourceSpans } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

let directory: TemporaryDirectory
let process: EngineProcess
before(async () => {
  directory = await TemporaryDirectory.create()
  process = await EngineProcess.start(directory.path, pino({ level: 'silent' }))
})
after(async () => {
  await process.close()
  await directory[Symbol.asyncDispose]()
})

const sent = fc.sample(anySpan, { numRuns: 200, seed: 3 })
const ids = sent.map(({ traceId }) => hex(traceId))
const everything = { from: 0n, to: 2n ** 64n - 1n }

/** A database as the first schema's Lens left it, with `sent` in three inserts that arrived on different days, one of them twice. */
async function oldStore(name: string, steps = [firstSchema]): Promise<ClickHouseEngine> {
  const server = new ClickHouseEngine(process.address, 'default')
  await server.command('CREATE DATABASE {name:Identifier}', { name })
  await server.close()
  const engine = new ClickHouseEngine(process.address, name)
  await migrate(engine, name, singleServer, 'nowhere', steps)
  const today = Math.floor(Date.now() / 1000)
  for (const [day, from, to] of [
    [3, 0, 80],
    [1, 80, 150],
    [0, 150, 200],
    [0, 150, 200],
  ] as const) {
    const resource = resourceSpans('shop', sent.slice(from, to), { resource: { tenant_id: 'acme' } })
    const block = spanBlock([{ resourceSpans: [resource] }], today - day * 86_400)
    await engine.insert('spans', block.columnNames, block.encode())
  }
  return engine
}

const content = async (engine: ClickHouseEngine) => ({
  spans: await readSpans(engine, ids),
  found: (await findTraces(engine, { ...everything, service: 'shop' }, 1000)).traceIds,
})

test('keeps every span of a store that the first schema wrote, and finds it as before', async () => {
  const engine = await oldStore('whole')
  const before = await rowsOf(engine)
  assert.equal(before.length, 200)
  await migrate(engine, 'the store')
  assert.deepEqual(await rowsOf(engine), before)
  const { spans, found } = await content(engine)
  assert.equal(spans.length, 200)
  assert.equal(new Set(found).size, new Set(ids).size)
  assert.deepEqual(
    new Set((await findTraces(engine, everything, 1000)).traceIds),
    new Set(ids),
    'the table of traces was filled',
  )
  await engine.close()
})

test('goes on from wherever a migration was cut short', async () => {
  const statements = spansByHour.statements(singleServer)
  const whole = await oldStore('uncut')
  await migrate(whole, 'the store')
  const expected = await content(whole)
  await whole.close()
  // After a copy of rows, the exchange, a table that is gone: what a second attempt could mistake for something else.
  const cuts = statements.flatMap((text, index) =>
    /^\s*(INSERT|EXCHANGE|DROP TABLE)/.test(text) ? [index + 1] : [],
  )
  assert.equal(cuts.length, 6)
  for (const done of cuts.slice(1)) {
    const engine = await oldStore(`cut_${done}`)
    for (const statement of statements.slice(0, done)) await engine.command(statement)
    await migrate(engine, 'the store')
    assert.deepEqual(await content(engine), expected, `after statement ${done}: ${statements[done - 1]}`)
    await engine.close()
  }
})

test('puts spans that arrive after a migration where the copied ones are', async () => {
  const engine = await oldStore('later')
  await migrate(engine, 'the store')
  const [late] = fc.sample(anySpan, { numRuns: 1, seed: 99 })
  assert.ok(late !== undefined)
  const block = spanBlock([request('late', [late])])
  await engine.insert('spans', block.columnNames, block.encode())
  assert.equal((await readSpans(engine, [hex(late.traceId)])).length, 1)
  const { traceIds } = await findTraces(engine, everything, 1000)
  assert.ok(traceIds.includes(hex(late.traceId)))
  await engine.close()
})

/** Rows of `entries` and of `operations`, and what they should be by the spans that were sent. */
async function derived(engine: ClickHouseEngine) {
  const { rows } = await engine.query<{ entry: string }>(
    `SELECT toString((tenant, service, name, kind, start, duration, failed)) AS entry FROM entries FINAL ORDER BY entry`,
  )
  const services = await listServices(engine)
  const operations = await listOperations(engine, 'shop', undefined)
  return { entries: rows.map(({ entry }) => entry), services, operations: operations.map(named).sort() }
}

const named = ({ name, kind }: { readonly name: string; readonly kind: number }) =>
  JSON.stringify([name, kind])

async function derivedNaively(engine: ClickHouseEngine) {
  const isEntry = "kind IN (2, 5) OR parent_span_id = toFixedString('', 8)"
  const { rows } = await engine.query<{ entry: string }>(
    `SELECT toString((tenant, service, name, kind, start, duration, toUInt8(status = 2))) AS entry FROM (
       SELECT DISTINCT trace_id, span_id, tenant, service, name, kind, start, duration, status FROM spans WHERE ${isEntry}
     ) ORDER BY entry`,
  )
  return {
    entries: rows.map(({ entry }) => entry),
    services: ['shop'],
    operations: [...new Set(sent.map(named))].sort(),
  }
}

test('derives entries and operations of a store that had none, wherever that was cut short, and of what arrives then', async () => {
  const previous = [firstSchema, spansByHour, calls, logs]
  const statements = entries.statements(singleServer)
  // Nothing, tables and views, the first copy, all but the note that it is done.
  for (const done of [0, 4, 5, statements.length]) {
    const engine = await oldStore(`entries_${done}`, previous)
    for (const statement of statements.slice(0, done)) await engine.command(statement)
    await migrate(engine, 'the store')
    const found = await derived(engine)
    assert.ok(found.entries.length > 20)
    assert.deepEqual(found, await derivedNaively(engine), `after statement ${done}`)
    const again = spanBlock([
      { resourceSpans: [resourceSpans('shop', sent, { resource: { tenant_id: 'acme' } })] },
    ])
    await engine.insert('spans', again.columnNames, again.encode())
    assert.deepEqual(await derived(engine), found, 'sent again')
    await engine.close()
  }
})

test('changes how spans are kept without copying them, wherever that was cut short, and merges bring them along', async () => {
  const statements = youngParts.statements(singleServer)
  for (const done of statements.keys()) {
    const engine = await oldStore(`young_${done}`, [firstSchema, spansByHour, calls, logs, entries])
    const before = await rowsOf(engine)
    const codecOfToday = async () => {
      const { rows } = await engine.query<{ codec: string }>(
        `SELECT default_compression_codec AS codec FROM system.parts
         WHERE active AND database = currentDatabase() AND table = 'spans' ORDER BY partition_id DESC LIMIT 1`,
      )
      return rows[0]?.codec
    }
    for (const statement of statements.slice(0, done)) await engine.command(statement)
    await migrate(engine, 'the store')
    assert.deepEqual(await rowsOf(engine), before)
    const { rows } = await engine.query('SELECT 1 FROM system.mutations WHERE database = currentDatabase()')
    assert.deepEqual(rows, [], 'parts that are there are not touched')
    const fresh = spanBlock([request('fresh', fc.sample(anySpan, { numRuns: 3, seed: 7 }))])
    await engine.insert('spans', fresh.columnNames, fresh.encode())
    const grown = await rowsOf(engine)
    assert.ok(grown.length > before.length)
    await engine.command('OPTIMIZE TABLE spans FINAL')
    assert.deepEqual(await rowsOf(engine), grown)
    assert.equal(await codecOfToday(), 'ZSTD(1)', 'of old parts that were merged with the new one')
    await engine.close()
  }
})

test('knows the resources of a store that had no table of them, wherever that was cut short, and of what arrives then', async () => {
  const previous = [firstSchema, spansByHour, calls, logs, entries]
  const statements = resources.statements(singleServer)
  for (const done of [0, 2, statements.length]) {
    const engine = await oldStore(`resources_${done}`, previous)
    for (const statement of statements.slice(0, done)) await engine.command(statement)
    await migrate(engine, 'the store')
    const block = spanBlock([request('late', fc.sample(anySpan, { numRuns: 1, seed: 99 }))])
    await engine.insert('spans', block.columnNames, block.encode())
    const [known, used] = await Promise.all(
      ['resources', 'spans'].map((table) =>
        engine.query(
          `SELECT toString(resource) AS resource FROM ${table} GROUP BY resource ORDER BY resource`,
        ),
      ),
    )
    assert.equal(known?.rows.length, 2)
    assert.deepEqual(known?.rows, used?.rows, `after statement ${done}`)
    await engine.close()
  }
})

/** Each span as the store has it, whatever the schema; one that arrived twice is there once. */
async function rowsOf(engine: ClickHouseEngine): Promise<readonly unknown[]> {
  const { rows } = await engine.query(
    `SELECT DISTINCT * EXCEPT (attributes), arrayMap(token -> toString(token), attributes) AS tokens
     FROM spans ORDER BY trace_id, span_id, start`,
  )
  return rows
}
