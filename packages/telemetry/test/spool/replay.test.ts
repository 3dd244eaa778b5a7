/** The disk queue: what cannot be delivered is kept there, and arrives when the collector is back, in this process or the next one. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { type Collector, startCollector } from '../support/collector.ts'
import { atEnd, lost } from '../support/delivery.ts'
import { until } from '../support/pipeline.ts'
import { away, filesIn, spool, spoolDirectory, spooling } from '../support/spool.ts'
import { startSpooler } from '../support/spooler.ts'

async function collect(port: number): Promise<Collector> {
  const collector = await startCollector(undefined, { port })
  atEnd(collector.stop)
  return collector
}

suite('an outage', () => {
  test('what ends meanwhile is on disk, and arrives when the collector is back, each span once', async () => {
    const pipeline = await away()
    await spool(pipeline, 3000)
    assert.equal(pipeline.ledger().queued, 0)
    const collector = await collect(pipeline.port)
    await until(() => pipeline.ledger().exported === 3000)
    const ids = collector.spans().map(({ spanId }) => spanId)
    assert.equal(ids.length, 3000)
    assert.equal(new Set(ids).size, 3000)
    assert.equal(pipeline.ledger().spooled, 0)
    await until(() => filesIn(pipeline.directory).length === 0, 'the segments to be removed')
  })

  test('a flush waits until all is safe on disk, not until the collector is back', async () => {
    const pipeline = await away()
    pipeline.emit(700)
    assert.equal(await pipeline.pipeline.flush(20_000), true)
    assert.equal(pipeline.ledger().spooled, 700)
  })

  test('that lasts until the end: what is left stays on disk for the next process', async () => {
    const pipeline = await away()
    pipeline.emit(1300)
    await pipeline.pipeline.shutdown()
    assert.deepEqual(lost(pipeline.ledger()), {})
    assert.equal(pipeline.ledger().spooled, 1300)
    const collector = await collect(pipeline.port)
    const next = spooling(pipeline.port, { spoolDirectory: pipeline.directory })
    await until(() => next.ledger().recovered.exported === 1300)
    assert.equal(new Set(collector.spans().map(({ spanId }) => spanId)).size, 1300)
    assert.equal(next.ledger().created, 0, 'they are not its own')
    await next.pipeline.shutdown()
    assert.deepEqual(readdirSync(pipeline.directory), [], 'nothing is left behind')
  })
})

suite('the order', () => {
  test('a batch on which the collector always fails holds up nobody, neither on disk nor fresh', async () => {
    const spooler = await startSpooler(spoolDirectory(), { maxBytes: 8 * 1024 * 1024 })
    spooler.poison.add('a:1').add('a:13')
    // Segments of a mebi.
    spooler.tell({ kind: 'emit', count: 40, size: 100_000 })
    await spooler.when(({ spooled }) => spooled === 40)
    spooler.tell({ kind: 'collector', up: true })
    await spooler.when(({ exported }) => exported === 38)
    spooler.tell({ kind: 'emit', count: 10, size: 1000 })
    const { spooled } = await spooler.when(({ exported }) => exported === 48)
    assert.equal(spooled, 2)
    assert.equal(new Set(spooler.received).size, spooler.received.length)
    spooler.poison.clear()
    await spooler.when(({ exported }) => exported === 50)
    assert.equal(spooler.received.length, 50)
  })

  test('is that of time, and fresh batches are sent beside what comes from disk', async () => {
    const spooler = await startSpooler(spoolDirectory(), { maxBytes: 64 * 1024 * 1024 })
    spooler.tell({ kind: 'emit', count: 100, size: 200_000 })
    await spooler.when(({ spooled }) => spooled === 100)
    spooler.tell({ kind: 'collector', up: true })
    await until(() => spooler.received.length > 5)
    spooler.tell({ kind: 'emit', count: 20, size: 1000 })
    await spooler.when(({ exported }) => exported === 120)
    const fresh = (name: string) => Number(name.slice(2)) > 100
    // The first four had been on the wire, and came to disk when they had failed.
    const stored = spooler.received.filter((name) => !fresh(name)).map((name) => Number(name.slice(2)))
    const inOrder = stored.filter((number) => number > 4)
    assert.ok(
      inOrder.every((number, index) => index === 0 || Math.abs(number - inOrder[index - 1]!) <= 4),
      `the oldest first, but for those on the wire together: ${stored}`,
    )
    assert.ok(
      spooler.received.findLastIndex(fresh) < 119,
      'the fresh ones have not waited for the last of the others',
    )
  })
})
