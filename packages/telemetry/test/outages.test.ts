/**
 * Collectors that are away, connections that break and a buffer that is full: nothing is lost that fits, what does not is counted, and the
 * ledger balances at every moment that a test looks at it.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import type { OtelConfigFields } from '../src/config.ts'
import { startCollector } from './support/collector.ts'
import { atEnd, deliver, lost, sleep } from './support/delivery.ts'
import { pipelineTo, until } from './support/pipeline.ts'
import { type Fault, startTcpProxy, type TcpProxy } from './support/tcp-proxy.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
/** In buffers that something still holds. */
const heldBytes = async () => {
  collectGarbage()
  // Memory outside of the heap is swept beside the collection, not in it.
  await sleep(10)
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

suite('a collector that is away', () => {
  /** A port where nobody listens. */
  const freePort = () =>
    new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number }
        server.close(() => resolve(port))
      })
    })

  test('first, and comes: nothing is lost, and it is said once', async () => {
    const port = await freePort()
    const pipeline = pipelineTo(`http://127.0.0.1:${port}`)
    atEnd(() => pipeline.pipeline.shutdown())
    const warnings: string[] = []
    const warn = (message: string) => void warnings.push(message)
    diag.setLogger({ error: warn, warn, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
    pipeline.emit(2000)
    await sleep(300)
    assert.equal(pipeline.ledger().queued, 2000)
    const collector = await startCollector(undefined, { port })
    atEnd(collector.stop)
    await pipeline.pipeline.flush(20_000)
    assert.equal(collector.spans().length, 2000)
    assert.equal(pipeline.ledger().exported, 2000)
    assert.equal(warnings.filter((message) => message.includes('cannot reach')).length, 1)
  })

  test('in between: what is sent meanwhile arrives when it is back, each span once', async () => {
    const first = await startCollector()
    const pipeline = pipelineTo(first.endpoint)
    atEnd(() => pipeline.pipeline.shutdown())
    pipeline.emit(100, 'before')
    await pipeline.pipeline.flush()
    const { port } = first
    first.stop()
    pipeline.emit(1000, 'meanwhile')
    await sleep(100)
    const second = await startCollector(undefined, { port })
    atEnd(second.stop)
    pipeline.emit(100, 'after')
    await pipeline.pipeline.flush(20_000)
    const ids = [...first.spans(), ...second.spans()].map(({ spanId }) => spanId)
    assert.equal(ids.length, 1200)
    assert.equal(new Set(ids).size, 1200)
    assert.equal(pipeline.ledger().exported, 1200)
  })

  test('because it restarts in good order (GOAWAY): the next one gets what follows, each span once', async () => {
    const first = await startCollector(async (attempt) => {
      if (attempt === 2) await sleep(100)
      return {}
    })
    const pipeline = pipelineTo(first.endpoint)
    atEnd(() => pipeline.pipeline.shutdown())
    pipeline.emit(10, 'before')
    await pipeline.pipeline.flush()
    pipeline.emit(10, 'during')
    void pipeline.pipeline.flush(20_000)
    await until(() => first.attempts === 2)
    await first.drain()
    const second = await startCollector(undefined, { port: first.port })
    atEnd(second.stop)
    pipeline.emit(10, 'after')
    await pipeline.pipeline.flush(20_000)
    const names = [...first.spans(), ...second.spans()].map(({ name }) => name)
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(Object.groupBy(names, (name) => name)).map(([name, all]) => [name, all?.length]),
      ),
      {
        before: 10,
        during: 10,
        after: 10,
      },
    )
    assert.equal(pipeline.ledger().exported, 30)
  })

  test('for good: shutdown ends in its time, and all is counted', async () => {
    const pipeline = pipelineTo(`http://127.0.0.1:${await freePort()}`, { shutdownTimeout: 200 })
    pipeline.emit(700)
    await pipeline.pipeline.shutdown()
    assert.equal(pipeline.ledger().queued, 0)
    assert.deepEqual(lost(pipeline.ledger()), { shutdown: 700 })
  })

  test('with a name that does not resolve, or TLS where there is none: kept, and counted in the end', async () => {
    const { collector } = await deliver()
    for (const endpoint of ['http://no-such-host.invalid:4317', `https://127.0.0.1:${collector.port}`]) {
      const pipeline = pipelineTo(endpoint, { shutdownTimeout: 100 })
      pipeline.emit(3)
      await pipeline.pipeline.flush(200)
      assert.equal(pipeline.ledger().queued, 3)
      await pipeline.pipeline.shutdown()
      assert.deepEqual(lost(pipeline.ledger()), { shutdown: 3 })
    }
    assert.equal(collector.attempts, 0)
  })
})

suite('a connection that breaks', () => {
  async function behind(fault: Fault, fields: Partial<OtelConfigFields> = {}) {
    const collector = await startCollector()
    const proxy: TcpProxy = await startTcpProxy(collector.port, fault)
    const pipeline = pipelineTo(proxy.endpoint, fields)
    atEnd(collector.stop, proxy.stop, () => pipeline.pipeline.shutdown())
    return { collector, proxy, ...pipeline }
  }
  const large = { payload: 'x'.repeat(200) }

  test('half-open: the deadline ends the attempt, and a new connection delivers', async () => {
    const { collector, proxy, emit, pipeline, ledger } = await behind('swallow', { exportTimeout: 150 })
    emit(50, 's', large)
    void pipeline.flush(20_000)
    await until(() => proxy.connections > 0)
    await sleep(200)
    assert.equal(ledger().queued, 50)
    proxy.fault = undefined
    await pipeline.flush(20_000)
    assert.equal(collector.spans().length, 50)
    assert.equal(ledger().exported, 50)
    assert.ok(proxy.connections >= 2)
  })

  test('a peer that stops answering after a while is left for a new connection', async () => {
    const { collector, emit, pipeline, ledger } = await deliver(
      (attempt) => (attempt === 2 ? undefined : {}),
      {
        exportTimeout: 200,
      },
    )
    emit(1)
    await pipeline.flush()
    emit(5, 'held')
    await pipeline.flush(20_000)
    assert.equal(collector.spans().length, 6)
    assert.equal(ledger().exported, 6)
  })

  for (const fault of ['refuse', 'reset-request'] as const) {
    test(`${fault}: all arrive once the network is back`, async () => {
      const { collector, proxy, emit, pipeline, ledger } = await behind(fault)
      emit(200, 's', large)
      void pipeline.flush(20_000)
      await until(() => proxy.connections > 0)
      await sleep(50)
      proxy.fault = undefined
      await pipeline.flush(20_000)
      assert.equal(new Set(collector.spans().map(({ spanId }) => spanId)).size, 200)
      assert.equal(ledger().exported, 200)
    })
  }

  test('reset between the commit and the answer: sent again, a duplicate has the same ids', async () => {
    const { collector, proxy, emit, pipeline, ledger } = await behind('reset-answer')
    emit(100, 's', large)
    void pipeline.flush(20_000)
    await until(() => collector.accepted.length > 0)
    await sleep(50)
    proxy.fault = undefined
    await pipeline.flush(20_000)
    const ids = collector.spans().map(({ spanId }) => spanId)
    assert.ok(ids.length >= 200, 'the first copy and the second')
    assert.equal(new Set(ids).size, 100)
    assert.equal(ledger().exported, 100, 'each span is counted once')
  })
})

suite('the bound of the buffer', () => {
  test('what does not fit is dropped and counted, and what fits arrives in the end', async () => {
    const gate = Promise.withResolvers<void>()
    const { collector, emit, pipeline, ledger } = await deliver(
      async () => {
        await gate.promise
        return {}
      },
      { maxBufferBytes: 200_000, maxQueueSize: 1024, exportTimeout: 60_000 },
    )
    for (let i = 0; i < 40; i++) {
      emit(512)
      await sleep(0)
    }
    const during = ledger()
    assert.ok((during.dropped.queue_full ?? 0) > 0)
    assert.equal(during.queued + during.dropped.queue_full, 40 * 512)
    gate.resolve()
    await pipeline.flush(20_000)
    const { exported, dropped, queued } = ledger()
    assert.equal(queued, 0)
    assert.equal(collector.spans().length, exported)
    assert.equal(exported + dropped.queue_full, 40 * 512)
    emit(10, 'afterwards')
    await pipeline.flush()
    assert.equal(ledger().exported, exported + 10, 'there is room again')
  })

  test('maxQueueSize spans may wait beyond the bytes, but not beyond twice the bytes', async () => {
    const fields = { maxBufferBytes: 100_000, maxQueueSize: 10_000, maxExportBatchSize: 10 }
    const { emit, ledger } = await deliver(() => undefined, fields)
    emit(100, 'small')
    assert.equal(ledger().dropped.queue_full, 0)
    emit(1000, 'large', { payload: 'x'.repeat(10_000) })
    const { queued, dropped } = ledger()
    assert.ok(dropped.queue_full > 900, `${dropped.queue_full} dropped`)
    assert.ok(queued < 200, `${queued} queued`)
  })

  test('memory stays within it however many spans end', async () => {
    const maxBufferBytes = 8 * 1024 * 1024
    const { emit, ledger } = await deliver(() => undefined, { maxBufferBytes, maxQueueSize: 512 })
    const payload = { payload: 'x'.repeat(2000) }
    emit(5000, 's', payload)
    await sleep(0)
    const before = await heldBytes()
    for (let i = 0; i < 20; i++) {
      emit(5000, 's', payload)
      await sleep(0)
    }
    // 200 MB have ended by now.
    const grown = (await heldBytes()) - before
    assert.ok(grown < 2 * maxBufferBytes, `${Math.round(grown / 1024)} KiB more`)
    assert.ok(ledger().dropped.queue_full > 80_000)
  })
})
