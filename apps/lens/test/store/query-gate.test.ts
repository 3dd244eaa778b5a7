/** Whose turn it is among queries, without a store: work is a promise that the test settles. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type GateLimits, QueryGate, QueryQueueError } from '../../src/store/query-gate.ts'

const limits: GateLimits = {
  running: 3,
  runningOfClient: 2,
  waiting: 6,
  waitingOfClient: 4,
  longestWaitMs: 60_000,
}

class Load {
  readonly gate: QueryGate
  readonly started: string[] = []
  readonly #ends: (() => void)[] = []

  constructor(gate = new QueryGate(limits)) {
    this.gate = gate
  }

  ask(client: string, signal?: AbortSignal): Promise<void> {
    return this.gate.run(client, signal, () => {
      this.started.push(client)
      return new Promise<void>((end) => this.#ends.push(end))
    })
  }

  /** Ends the oldest that runs. */
  async finish(): Promise<void> {
    this.#ends.shift()?.()
    await turn()
  }
}

test('runs as many at once as it may, and leaves a place for others', async () => {
  const load = new Load()
  const asked = [load.ask('a'), load.ask('a'), load.ask('a')]
  await turn()
  assert.deepEqual(load.started, ['a', 'a'])
  asked.push(load.ask('b'))
  await turn()
  assert.deepEqual(load.started, ['a', 'a', 'b'])
  for (let index = 0; index < 4; index++) await load.finish()
  await Promise.all(asked)
  assert.deepEqual([load.gate.running, load.gate.waiting], [0, 0])
})

test('gives clients turns: one who asked once does not wait for all of one who asked often', async () => {
  const load = new Load()
  const asked = ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'b'].map((client) => load.ask(client))
  await turn()
  assert.deepEqual(load.started, ['a', 'a', 'b'])
  for (let index = 0; index < 8; index++) await load.finish()
  await Promise.all(asked)
  assert.deepEqual(load.started.slice(3, 6).toSorted(), ['a', 'b', 'c'])
})

test('refuses what is beyond a client’s share, and beyond everybody’s', async () => {
  const load = new Load()
  const asked = Array.from({ length: 6 }, () => load.ask('a'))
  await assert.rejects(load.ask('a'), (error) => error instanceof QueryQueueError && error.whose === 'client')
  asked.push(load.ask('b'), load.ask('c'), load.ask('d'))
  await assert.rejects(load.ask('e'), (error) => error instanceof QueryQueueError && error.whose === 'all')
  assert.deepEqual([load.gate.running, load.gate.waiting], [3, 6])
  for (let index = 0; index < 9; index++) await load.finish()
  await Promise.all(asked)
  assert.equal(load.started.length, 9)
})

test('forgets one who leaves while waiting, and gives its place in line away', async () => {
  const load = new Load()
  const asked = [load.ask('a'), load.ask('a')]
  const leaving = new AbortController()
  const gone = load.ask('a', leaving.signal)
  const next = load.ask('a')
  leaving.abort(new Error('gone'))
  await assert.rejects(gone, { message: 'gone' })
  await assert.rejects(load.ask('a', AbortSignal.abort(new Error('never there'))), { message: 'never there' })
  await load.finish()
  assert.deepEqual([load.started.length, load.gate.waiting], [3, 0])
  await load.finish()
  await load.finish()
  await Promise.all([...asked, next])
})

test('does not let anybody wait for ever', async () => {
  const load = new Load(new QueryGate({ ...limits, longestWaitMs: 20 }))
  const asked = [load.ask('a'), load.ask('a')]
  await assert.rejects(load.ask('a'), (error) => error instanceof QueryQueueError && error.whose === 'all')
  assert.equal(load.gate.waiting, 0)
  await load.finish()
  await load.finish()
  await Promise.all(asked)
})

test('has its places back after work that failed', async () => {
  const gate = new QueryGate(limits)
  for (let index = 0; index < 10; index++) {
    await assert.rejects(
      gate.run('a', undefined, () => Promise.reject(new Error('failed'))),
      { message: 'failed' },
    )
  }
  assert.deepEqual([gate.running, gate.waiting], [0, 0])
})
