/** What the export holds: as much as is on its way, and for how long. */
import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BufferPool } from '../../src/export/buffer-pool.ts'
import type { Exporter, ExportOutcome } from '../../src/export/exporter.ts'
import { deliver } from '../support/delivery.ts'
import { pipelineTo, until } from '../support/pipeline.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
/** In buffers that something still holds. */
async function heldBytes(): Promise<number> {
  collectGarbage()
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

const attributes = {
  'http.request.method': 'GET',
  'http.route': '/orders/:id',
  'url.path': '/orders/18446744073709551615',
  'user_agent.original': 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0',
  tenant_id: 'acme',
}

test('a burst of 100,000 spans holds at most 0.5 kB each, whose encoding takes most of that', async () => {
  const { collector, emit, pipeline, ledger } = await deliver(() => undefined, { exportTimeout: 60_000 })
  const before = await heldBytes()
  emit(100_000, 'GET /orders/:id', attributes)
  const held = (await heldBytes()) - before
  assert.equal(ledger().queued, 100_000)
  assert.ok(held / 100_000 < 500, `${(held / 100_000).toFixed(0)} bytes a span`)
  await until(() => collector.attempts > 0)
  await pipeline.shutdown()
})

test('a collector that is away for long costs the spans that wait, not the buffers that they were made in', async () => {
  const { emit, pipeline, ledger } = pipelineTo('http://127.0.0.1:1', {
    shutdownTimeout: 50,
    scheduleDelay: 0,
  })
  emit(1, 'first')
  await pipeline.flush(50)
  const before = await heldBytes()
  // Each batch holds little, of a buffer that has grown for much.
  for (let round = 0; round < 40; round++) {
    emit(20, 's', attributes)
    void pipeline.flush(0)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const waiting = ledger().queued
  assert.equal(waiting, 801)
  const held = (await heldBytes()) - before
  assert.ok(held / waiting < 500, `${(held / waiting).toFixed(0)} bytes a span`)
  await pipeline.shutdown()
})

suite('a batch of usual size', () => {
  /** How many pieces of memory a hundred batches take, sent one after the other, when each attempt ends like this. */
  async function memoryOf(outcome: ExportOutcome): Promise<number> {
    const seen = new Set<ArrayBufferLike>()
    const exporter: Exporter = {
      export: async (request) => {
        seen.add(request.buffer)
        return outcome
      },
      close() {},
    }
    const { emit, pipeline } = pipelineTo('http://unused.invalid', { logLevel: 'none' }, exporter)
    for (let round = 0; round < 100; round++) {
      emit(512, 's', attributes)
      await pipeline.flush(20_000)
    }
    await pipeline.shutdown()
    return seen.size
  }
  const accepted = { kind: 'accepted', rejected: 0, message: '' } as const
  const refused = { kind: 'refused', reason: 'for the test' } as const

  test('leaves its memory to the next one', async () => {
    assert.ok((await memoryOf(accepted)) < 10)
    assert.ok((await memoryOf(refused)) < 10)
  })

  test('does not, while the transport may still read it', async () => {
    assert.equal(await memoryOf({ ...accepted, inUse: true }), 100)
    assert.equal(await memoryOf({ ...refused, inUse: true }), 100)
  })
})

suite('the pool', () => {
  test('lends what fits and is not much too large', () => {
    const pool = new BufferPool()
    const small = pool.take(1)
    const large = pool.take(500_000)
    assert.deepEqual([small.length, large.length], [16_384, 524_288])
    pool.give(large)
    assert.notEqual(pool.take(20_000), large, 'a scope with few spans would hold it for long')
    pool.give(small)
    assert.equal(pool.take(200_000), large)
    assert.equal(pool.take(16_384), small)
    assert.notEqual(pool.take(16_384), small, 'lent already')
  })

  test('keeps few, and none that is huge', () => {
    const pool = new BufferPool()
    const given: Buffer[] = Array.from({ length: 20 }, () => Buffer.allocUnsafeSlow(32_768))
    for (const buffer of given) pool.give(buffer)
    const taken = Array.from({ length: 20 }, () => pool.take(32_768))
    assert.equal(taken.filter((buffer) => given.includes(buffer)).length, 8)
    const huge = pool.take(3_000_000)
    pool.give(huge)
    assert.notEqual(pool.take(3_000_000), huge)
  })
})

test('a burst is handed over in slices: the event loop goes on in between', async () => {
  const { emit, pipeline, ledger } = await deliver()
  emit(100_000, 'GET /orders/:id', attributes)
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  let turns = 0
  const count = setInterval(() => turns++, 1)
  await pipeline.flush(60_000)
  clearInterval(count)
  delays.disable()
  assert.equal(ledger().exported, 100_000)
  assert.ok(turns > 20, `${turns} turns, the longest ${Math.round(delays.max / 1e6)} ms`)
})
