/** Group commit over an engine that takes as long as the test wants: what shares an insert, what waits, what is pushed back. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { GroupCommit, IntakeOverloadedError, IntakeUnavailableError } from '../../src/ingest/group-commit.ts'
import { type StoreEngine, StoreFullError, StoreUnavailableError } from '../../src/store/engine.ts'

class Block {
  static readonly columnNames = ['n']
  readonly columnNames = Block.columnNames
  readonly values: number[] = []
  bytes = 0

  get rows(): number {
    return this.values.length
  }

  encode(): Uint8Array[] {
    return [Uint8Array.from(this.values)]
  }
}

/** Inserts wait until the test settles them, in order. */
class HeldEngine {
  readonly inserts: { readonly values: readonly number[]; readonly settle: PromiseWithResolvers<void> }[] = []
  /** What was there to be used again, each time a block was needed. */
  readonly offered: (Block | undefined)[] = []
  readonly engine = {
    insert: (_table: string, _columns: readonly string[], [chunk]: readonly Uint8Array[]) => {
      const settle = Promise.withResolvers<void>()
      this.inserts.push({ values: [...(chunk ?? [])], settle })
      return settle.promise
    },
  } as Partial<StoreEngine> as StoreEngine
  /** Stands, so that no insert takes any time. */
  now = 0
  readonly commit = new GroupCommit<Block>(
    { engine: this.engine, ready: async () => {} },
    'rows',
    (used?: Block) => {
      this.offered.push(used)
      return new Block()
    },
    pino({ level: 'silent' }),
    () => this.now,
  )

  add(value: number, bytes = 0, rows = 1): Promise<number> {
    return this.commit.add((block) => {
      for (let row = 0; row < rows; row++) block.values.push(value)
      block.bytes += bytes
      return value
    })
  }

  /** Adds one and has it stored. */
  async store(value: number, rows = 1): Promise<void> {
    const adding = this.add(value, 0, rows)
    await this.reached(this.inserts.length + 1)
    this.inserts.at(-1)!.settle.resolve()
    await adding
  }

  async reached(count: number): Promise<void> {
    while (this.inserts.length < count) await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

const MiB = 1024 * 1024

test('offers blocks that are stored to be filled again while requests keep coming, and none that failed', async () => {
  const held = new HeldEngine()
  const first = held.add(1)
  await held.reached(1)
  const second = held.add(2)
  held.inserts[0]?.settle.resolve()
  await first
  await held.reached(2)
  const third = held.add(3)
  held.inserts[1]?.settle.reject(new Error('no'))
  await assert.rejects(second, IntakeUnavailableError)
  await held.reached(3)
  const fourth = held.add(4)
  held.inserts[2]?.settle.resolve()
  await held.reached(4)
  held.inserts[3]?.settle.resolve()
  await Promise.all([third, fourth])
  const values = held.offered.map((used) => used?.values)
  assert.deepEqual(values, [undefined, undefined, [1], undefined])
})

test('gives requests of one turn one insert, and those that come meanwhile the next', async () => {
  const held = new HeldEngine()
  const first = [held.add(1), held.add(2)]
  await held.reached(1)
  const second = [held.add(3), held.add(4)]
  held.inserts[0]!.settle.resolve()
  assert.deepEqual(await Promise.all(first), [1, 2])
  await held.reached(2)
  held.inserts[1]!.settle.resolve()
  assert.deepEqual(await Promise.all(second), [3, 4])
  assert.deepEqual(
    held.inserts.map(({ values }) => values),
    [
      [1, 2],
      [3, 4],
    ],
  )
  await held.commit.close()
})

test('after twenty inserts of a few rows at once, gathers such rows for half a second, and lets full batches and a closing pass', async () => {
  const held = new HeldEngine()
  for (let value = 1; value <= 20; value++) await held.store(value)
  const paced = [held.add(21)]
  await new Promise((resolve) => setTimeout(resolve, 20))
  paced.push(held.add(22))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(held.inserts.length, 20)
  held.now += 500
  await held.reached(21)
  assert.deepEqual(held.inserts[20]!.values, [21, 22])
  held.inserts[20]!.settle.resolve()
  await Promise.all(paced)

  await held.store(23, 512)
  const last = held.add(24)
  const closing = held.commit.close()
  await held.reached(23)
  assert.deepEqual(held.inserts[22]!.values, [24])
  held.inserts[22]!.settle.resolve()
  await Promise.all([last, closing])
})

test('acknowledges nothing before its own insert has ended', async () => {
  const held = new HeldEngine()
  let acknowledged = false
  const adding = held.add(1).then(() => {
    acknowledged = true
  })
  await held.reached(1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(acknowledged, false)
  held.inserts[0]!.settle.resolve()
  await adding
  await held.commit.close()
})

test('sends a full block beside the insert that is running, and no third', async () => {
  const held = new HeldEngine()
  const adding = [held.add(1, 48 * MiB), held.add(2, 48 * MiB), held.add(3, 48 * MiB)]
  await held.reached(2)
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(
    held.inserts.map(({ values }) => values),
    [[1], [2]],
  )
  for (let count = 1; count <= 3; count++) {
    await held.reached(count)
    held.inserts[count - 1]!.settle.resolve()
  }
  assert.deepEqual(await Promise.all(adding), [1, 2, 3])
  await held.commit.close()
})

test('pushes senders back when too much waits, and takes them again when it is stored', async () => {
  const held = new HeldEngine()
  const adding = [held.add(1, 100 * MiB), held.add(2, 100 * MiB)]
  await assert.rejects(held.add(3), (error) => {
    assert.ok(error instanceof IntakeOverloadedError)
    assert.equal(error.retryAfterSeconds, 1)
    return true
  })
  await held.reached(1)
  held.inserts[0]!.settle.resolve()
  await adding[0]
  const again = held.add(3)
  for (let count = 2; count <= 3; count++) {
    await held.reached(count)
    held.inserts[count - 1]!.settle.resolve()
  }
  assert.deepEqual(await Promise.all([adding[1], again]), [2, 3])
  await held.commit.close()
})

test('leaves out what could not be written, and stores what shared the block with it', async () => {
  const held = new HeldEngine()
  const good = held.add(1)
  const bad = held.commit.add(() => {
    throw new RangeError('malformed')
  })
  await assert.rejects(bad, { message: 'malformed' })
  await held.reached(1)
  held.inserts[0]!.settle.resolve()
  assert.equal(await good, 1)
  assert.deepEqual(held.inserts[0]!.values, [1])
  await held.commit.close()
})

test('inserts again after the store was away, and tells senders of a full disk or a refusal at once', async () => {
  const held = new HeldEngine()
  const away = held.add(1)
  await held.reached(1)
  held.inserts[0]!.settle.reject(new StoreUnavailableError('gone'))
  await held.reached(2)
  assert.deepEqual(held.inserts[1]!.values, [1])
  held.inserts[1]!.settle.resolve()
  assert.equal(await away, 1)

  const full = held.add(2)
  await held.reached(3)
  held.inserts[2]!.settle.reject(new StoreFullError('no room'))
  await assert.rejects(full, (error) => error instanceof IntakeOverloadedError && error.message === 'no room')

  const refused = held.add(3)
  await held.reached(4)
  held.inserts[3]!.settle.reject(new Error('Type mismatch'))
  await assert.rejects(
    refused,
    (error) => error instanceof IntakeUnavailableError && !(error instanceof IntakeOverloadedError),
  )
  await held.commit.close()
})

test('takes nothing more once it is closing, and ends when all that it took is stored', async () => {
  const held = new HeldEngine()
  const adding = held.add(1)
  const closing = held.commit.close()
  await assert.rejects(held.add(2), IntakeUnavailableError)
  await held.reached(1)
  held.inserts[0]!.settle.resolve()
  await closing
  assert.equal(await adding, 1)
})
