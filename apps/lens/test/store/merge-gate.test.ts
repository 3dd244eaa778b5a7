/** Merges wait while large inserts keep coming, and what waits is bounded, found meanwhile, and worked off. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { MergeGate, shouldWait } from '../../src/store/embedded/merge-gate.ts'
import { openStore, type Store } from '../../src/store/open-store.ts'
import { indexesOfMergedSpans, indexOfYoungSpans } from '../../src/store/schema/0006-young-parts.ts'
import { spanBlock } from '../support/blocks.ts'
import { attributes, request, span } from '../support/spans.ts'
import { TemporaryDirectory } from '../support/temporary-directory.ts'

const MiB = 1024 * 1024
const idle = { parts: 1, unindexed: 0, advancedMerges: 0 }

test('closes under large inserts alone, and opens when they end or too many parts wait', () => {
  assert.equal(shouldWait(false, 0.4, idle), true)
  assert.equal(shouldWait(false, 0.39, idle), false)
  assert.equal(shouldWait(true, 0.21, idle), true)
  assert.equal(shouldWait(true, 0.2, idle), false)
  assert.equal(shouldWait(true, 1, { ...idle, parts: 299 }), true)
  assert.equal(shouldWait(true, 1, { ...idle, parts: 300 }), false)
  assert.equal(shouldWait(false, 1, { ...idle, parts: 150 }), false, 'until half of them are merged')
  assert.equal(shouldWait(false, 1, { ...idle, parts: 149 }), true)
  assert.equal(shouldWait(false, 1, { ...idle, advancedMerges: 1 }), false, 'much work would be lost')
})

describe('with an engine that says how far it is behind', () => {
  let debt = idle
  let said: string[] = []
  const run = async (statement: string) => {
    if (statement.startsWith('SYSTEM')) said.push(statement)
    return `${debt.parts}\t${debt.unindexed}\t${debt.advancedMerges}\n`
  }
  beforeEach(() => {
    debt = idle
    said = []
  })

  test('stops merges once, and starts them for the parts that pile up, while inserts go on', async () => {
    const gate = new MergeGate(run)
    const { promise, resolve } = Promise.withResolvers<void>()
    const insert = gate.during(5 * MiB, () => promise)
    await sleep(5)
    await gate.look()
    await gate.look()
    assert.deepEqual(said, ['SYSTEM STOP MERGES'])
    debt = { ...idle, parts: 300 }
    await gate.look()
    await sleep(5)
    await gate.look()
    assert.deepEqual(said, ['SYSTEM STOP MERGES', 'SYSTEM START MERGES'])
    resolve()
    await insert
    gate.close()
  })

  test('leaves merges alone for small inserts, however many, and those are indexed', async () => {
    const gate = new MergeGate(run)
    const { promise, resolve } = Promise.withResolvers<void>()
    let leftOut = ''
    const insert = gate.during(5 * MiB - 1, (indexes) => {
      leftOut = indexes
      return promise
    })
    await sleep(5)
    await gate.look()
    resolve()
    await insert
    assert.deepEqual(said, [])
    assert.equal(leftOut, indexOfYoungSpans)
  })

  test('has inserts build their index when too much waits for merges to do it', async () => {
    const gate = new MergeGate(run)
    const leftOut = () => gate.during(5 * MiB, async (indexes) => indexes)
    assert.equal(await leftOut(), indexesOfMergedSpans)
    debt = { ...idle, unindexed: 16_000_000 }
    await gate.look()
    assert.equal(await leftOut(), indexOfYoungSpans)
    debt = { ...idle, unindexed: 15_999_999 }
    await gate.look()
    assert.equal(await leftOut(), indexesOfMergedSpans)
    gate.close()
  })
})

describe('in the store', () => {
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
  beforeEach(() => store.engine.command('TRUNCATE TABLE spans'))

  /** Spans that bear `mark`, one in ten of them; made large by what they say otherwise. */
  async function insert(mark: string, filling: number): Promise<void> {
    const spans = Array.from({ length: 100 }, (_, index) =>
      span({
        attributes: attributes({
          filling: `${mark}${index}`.padEnd(filling, '.'),
          ...(index % 10 === 0 ? { mark } : {}),
        }),
      }),
    )
    const block = spanBlock([request('shop', spans)])
    await store.engine.insert('spans', block.columnNames, block.encode())
  }
  const [small, large] = [10, 60 * 1024]

  async function found(mark: string): Promise<{ byIndex: number; byReading: number }> {
    const count = async (useIndex: number) => {
      const { rows } = await store.engine.query<{ n: string }>(
        `SELECT count() AS n FROM spans WHERE hasAny(attributes, {tokens:Array(String)})
         SETTINGS use_skip_indexes = ${useIndex}, use_query_condition_cache = 0`,
        { tokens: [`mark:s=${mark}`] },
      )
      return Number(rows[0]?.n)
    }
    return { byIndex: await count(1), byReading: await count(0) }
  }

  async function indexesOfParts(): Promise<string[]> {
    const { rows } = await store.engine.query<{ path: string }>(
      `SELECT path FROM system.parts WHERE active AND database = currentDatabase() AND table = 'spans' ORDER BY min_block_number`,
    )
    return rows.map(({ path }) =>
      [
        ...new Set(
          readdirSync(path).flatMap((file) => /^skp_idx_(attribute_[a-z]+)\b/.exec(file)?.slice(1) ?? []),
        ),
      ].join(),
    )
  }

  const mayMerge = (table: string) =>
    store.engine.command(`OPTIMIZE TABLE ${table} FINAL`).then(
      () => true,
      (error: unknown) => {
        assert.match(String(error), /Cancelled merging parts/)
        return false
      },
    )

  async function merged(table: string): Promise<void> {
    while (!(await mayMerge(table))) await sleep(100)
  }

  test('leaves the index of a large block to the merge, and finds what is in it before and after', async () => {
    await insert('small', small)
    await insert('large', large)
    await insert('another', large)
    assert.deepEqual(await indexesOfParts(), ['attribute_tokens', 'attribute_bloom', 'attribute_bloom'])
    const expected = { byIndex: 10, byReading: 10 }
    for (const mark of ['small', 'large', 'another']) assert.deepEqual(await found(mark), expected, mark)
    assert.deepEqual(await found('nobody'), { byIndex: 0, byReading: 0 })
    await merged('spans')
    assert.deepEqual(await indexesOfParts(), ['attribute_tokens'])
    for (const mark of ['small', 'large', 'another']) assert.deepEqual(await found(mark), expected, mark)
    assert.deepEqual(await found('nobody'), { byIndex: 0, byReading: 0 })
  })

  test('does not merge while large blocks keep coming, and merges afterwards', async () => {
    let inserted = 0
    let goOn = true
    const senders = [1, 2].map(async () => {
      while (goOn) await insert(`burst${inserted++}`, large)
    })
    // The test's time-out ends these.
    while (await mayMerge('operations')) await sleep(100)
    goOn = false
    await Promise.all(senders)
    await merged('operations')
    const { rows } = await store.engine.query<{ n: string }>('SELECT count() AS n FROM spans')
    assert.equal(Number(rows[0]?.n), inserted * 100)
  })

  test('merges few parts at once, as a merge gathers their index in memory', async () => {
    await store.engine.command('SYSTEM STOP MERGES spans')
    for (let part = 0; part < 30; part++) await insert(`part${part}`, small)
    const { rows: first } = await store.engine.query<{ block: string }>(
      `SELECT min(min_block_number) AS block FROM system.parts
       WHERE active AND database = currentDatabase() AND table = 'spans'`,
    )
    await store.engine.command('SYSTEM START MERGES spans')
    // Parts that were merged stay known for some minutes.
    const merges = async () => {
      const { rows } = await store.engine.query<{ parts: string }>(
        `SELECT max_block_number - min_block_number + 1 AS parts FROM system.parts
         WHERE database = currentDatabase() AND table = 'spans' AND level = 1 AND min_block_number >= {first:UInt64}`,
        { first: first[0]?.block ?? '' },
      )
      return rows.map(({ parts }) => Number(parts))
    }
    await store.engine.command('OPTIMIZE TABLE spans')
    while ((await merges()).length === 0) await sleep(100)
    for (const parts of await merges()) assert.ok(parts <= 12, `${parts} at once`)
  })

  test('has all that it acknowledged after the engine was killed while merges waited, and merges it', async () => {
    let acknowledged = 0
    let goOn = true
    const send = async () => {
      while (goOn) {
        await insert('burst', large)
        acknowledged++
      }
    }
    // What was on its way when the engine died may be there or not.
    const senders = [send(), send()].map((sending) => sending.catch(() => {}))
    while (acknowledged < 3 || (await mayMerge('operations'))) await sleep(100)
    const [before, pid] = [acknowledged, store.pid()]
    assert.ok(pid !== undefined)
    process.kill(pid, 'SIGKILL')
    goOn = false
    await Promise.all(senders)
    while (store.pid() === pid) await sleep(50)
    await store.ready()
    await merged('spans')
    const { byIndex, byReading } = await found('burst')
    assert.ok(byIndex >= before * 10, `${byIndex} of ${before * 10}`)
    assert.equal(byIndex, byReading)
    assert.deepEqual(await indexesOfParts(), ['attribute_tokens'])
  })
})
