/** The disk queue: what cannot be delivered is kept there, and arrives when the collector is back, in this process or the next one. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { type Collector, startCollector } from '../support/collector.ts'
import { atEnd, lost } from '../support/delivery.ts'
import { until } from '../support/pipeline.ts'
import { away, filesIn, spool, spooling } from '../support/spool.ts'

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
