/** Retention on a real store: what is beyond the limits is gone from every answer and from the disk, the rest and the ingest go on. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { countTraces } from '../../src/query/count-traces.ts'
import { findTraces } from '../../src/query/find-traces.ts'
import { listOperations, listServices } from '../../src/query/list-services.ts'
import { readSpans } from '../../src/query/read-spans.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { choosePieces, type Piece } from '../../src/store/retention/choose-pieces.ts'
import { applyRetention, Retention } from '../../src/store/retention/retention.ts'
import { spanBlock } from '../support/blocks.ts'
import { attributes, hex, request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const log = pino({ level: 'silent' })
const day = 86_400
const nowMs = Date.now()
const now = Math.floor(nowMs / 1000)
const everything = { from: 0n, to: 2n ** 64n - 1n }
const unlimited = { retentionDays: undefined, retentionBytes: undefined }

let directory: TemporaryDirectory
let store: Store
before(async () => {
  directory = await TemporaryDirectory.create()
  store = await openStore({ dataDirectory: directory.path, clickhouseUrl: undefined }, log)
})
after(async () => {
  await store.close()
  await directory[Symbol.asyncDispose]()
})
beforeEach(async () => {
  for (const table of ['spans', 'traces', 'entries', 'operations', 'resources'])
    await store.engine.command(`TRUNCATE TABLE ${table}`)
})

/** Traces of one span each that arrived at this time; the ids of the first. */
async function receive(secondsAgo: number, count = 1, service = 'shop', name = 'GET /'): Promise<string> {
  const noise = () =>
    attributes({ noise: Buffer.from(crypto.getRandomValues(new Uint8Array(150))).toString('hex') })
  const spans = Array.from({ length: count }, () => span({ name, attributes: noise() }))
  const block = spanBlock([request(service, spans)], now - secondsAgo)
  await store.engine.insert('spans', block.columnNames, block.encode())
  return hex(spans[0]!.traceId)
}

async function countStored(): Promise<number> {
  return (await countTraces(store.engine, everything)).count
}

async function isStored(traceId: string): Promise<boolean> {
  return (await readSpans(store.engine, [traceId])).length > 0
}

async function bytesOnDisk(): Promise<number> {
  const { rows } = await store.engine.query<{ bytes: string }>(
    `SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase() AND table = 'spans'`,
  )
  return Number(rows[0]?.bytes)
}

test('drops what arrived too long ago, by its arrival and not by its own time', async () => {
  const old = await receive(5 * day)
  const young = await receive(2 * day)
  const { tooOld } = await applyRetention(store, { ...unlimited, retentionDays: 3 }, nowMs, log)
  assert.equal(tooOld.length, 1)
  assert.deepEqual([await isStored(old), await isStored(young)], [false, true])
  assert.equal(await countStored(), 1, 'nor is the trace counted')
  assert.deepEqual((await findTraces(store.engine, everything, 10)).traceIds, [young])
})

test('keeps all when nothing is beyond the limits', async () => {
  await receive(2 * day)
  await receive(1)
  const choice = await applyRetention(store, { retentionDays: 3, retentionBytes: 10 ** 9 }, nowMs, log)
  assert.deepEqual(choice, { tooOld: [], tooMuch: [], excess: 0 })
  assert.equal(await countStored(), 2)
})

test('drops the oldest of one day when they take too much, and their traces with them', async () => {
  const ids: string[] = []
  for (const secondsAgo of [500, 400, 300, 200, 100]) ids.push(await receive(secondsAgo, 2000))
  const before = await bytesOnDisk()
  const limit = Math.floor(before * 0.7)
  const { tooMuch, excess } = await applyRetention(store, { ...unlimited, retentionBytes: limit }, nowMs, log)
  assert.ok(tooMuch.length >= 1 && tooMuch.length <= 3, `${tooMuch.length} parts`)
  assert.equal(excess, 0)
  assert.ok((await bytesOnDisk()) <= limit)
  assert.equal(await isStored(ids[0]!), false)
  assert.equal(await isStored(ids[4]!), true)
  const left = await countStored()
  const { rows } = await store.engine.query<{ count: string }>(
    'SELECT uniqExact(trace_id) AS count FROM spans',
  )
  await until(async () => (await countStored()) === Number(rows[0]?.count))
  assert.ok(left >= Number(rows[0]?.count))
})

test('forgets services and operations of which nothing is left, and their calls', async () => {
  await receive(5 * day, 3, 'gone')
  await receive(5 * day, 3, 'shop', 'GET /old')
  await receive(5 * day, 3, 'shop', 'GET /')
  await receive(2 * day, 2, 'shop', 'GET /')
  await applyRetention(store, { ...unlimited, retentionDays: 3 }, nowMs, log)
  const entries = async () => {
    const { rows } = await store.engine.query<{ n: string }>('SELECT count() AS n FROM entries FINAL')
    return Number(rows[0]?.n)
  }
  await until(async () => (await entries()) === 2)
  assert.deepEqual(await listServices(store.engine), ['shop'])
  assert.deepEqual(await listOperations(store.engine, 'shop', undefined), [{ name: 'GET /', kind: 2 }])
})

test('keeps the newest data even when they exceed the limit alone, and says by how much', async () => {
  await receive(100, 100)
  const newest = await receive(1, 2000)
  const { excess } = await applyRetention(store, { ...unlimited, retentionBytes: 1000 }, nowMs, log)
  assert.ok(excess > 0)
  assert.equal(await isStored(newest), true)
})

test('drops while spans arrive, and loses none of those', async () => {
  for (const secondsAgo of [900, 800, 700, 600]) await receive(secondsAgo, 1000)
  const arriving = Promise.all([1, 2, 3, 4, 5, 6].map((secondsAgo) => receive(secondsAgo)))
  // Two Lens on one store do the same at the same time.
  const options = { ...unlimited, retentionBytes: Math.floor((await bytesOnDisk()) / 2) }
  await Promise.all([applyRetention(store, options, nowMs, log), applyRetention(store, options, nowMs, log)])
  for (const id of await arriving) assert.equal(await isStored(id), true)
})

test('runs as a task of its own, bounds the size of parts by the limit, and ends at once', async () => {
  const old = await receive(9 * day)
  const retention = Retention.start(store, { retentionDays: 7, retentionBytes: 800e6 }, log)
  await until(async () => !(await isStored(old)))
  await retention?.close()
  const { rows } = await store.engine.query<{ text: string }>(
    "SELECT create_table_query AS text FROM system.tables WHERE database = currentDatabase() AND name = 'spans'",
  )
  assert.match(rows[0]?.text ?? '', /max_bytes_to_merge_at_max_space_in_pool = 50000000\b/)
  assert.equal(Retention.start(store, unlimited, log), undefined)
})

test('chooses the oldest first, no more than it must, whatever there is', () => {
  const piece = fc.record({
    table: fc.constantFrom('spans', 'logs'),
    name: fc.string(),
    rows: fc.nat(),
    oldest: fc.nat(1000),
    newest: fc.nat(1000),
    bytes: fc.nat(1000).map((bytes) => new Map([['a', bytes]])),
  })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(1000), fc.nat(5000), (pieces, since, bytes) => {
      const { tooOld, tooMuch, excess } = choosePieces(pieces, new Map([['a', 7]]), { since, bytes })
      assert.deepEqual(new Set(tooOld), new Set(pieces.filter(({ newest }) => newest < since)))
      const kept = pieces.filter((one) => !tooOld.includes(one) && !tooMuch.includes(one))
      const newestOf = (list: readonly Piece[]) => Math.max(0, ...list.map(({ newest }) => newest))
      assert.ok(kept.every(({ newest }) => newest >= newestOf(tooMuch)))
      const size = (list: readonly Piece[]) => list.reduce((sum, one) => sum + (one.bytes.get('a') ?? 0), 7)
      assert.ok(size(kept) <= bytes || kept.length <= 1)
      assert.equal(excess, Math.max(0, size(kept) - bytes))
      const last = tooMuch.at(-1)
      if (last !== undefined) assert.ok(size([...kept, last]) > bytes, 'the last one had to go')
    }),
  )
})

/** Polls for what the engine does by itself. The test's own timeout ends it. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50))
}
