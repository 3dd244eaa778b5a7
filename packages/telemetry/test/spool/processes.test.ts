/** Processes that end in an outage, and those that share a machine: worker threads, clusters, the next one. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { startCollector } from '../support/collector.ts'
import { atEnd } from '../support/delivery.ts'
import { until } from '../support/pipeline.ts'
import { run } from '../support/run.ts'
import { freePort, segmentsIn, spoolDirectory, spooling } from '../support/spool.ts'
import { startSpooler } from '../support/spooler.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.ts`, import.meta.url))

suite('a process that ends in an outage', () => {
  const ways: [way: string, code: number | null, signal: NodeJS.Signals | null][] = [
    ['exit', 3, null],
    ['exit-later', 3, null],
    ['throw', 1, null],
    ['signal', null, 'SIGTERM'],
    ['return', 0, null],
  ]
  for (const [way, code, signal] of ways) {
    test(`by '${way}' leaves its spans to the next one, and its exit as it was`, async () => {
      const port = await freePort()
      const directory = spoolDirectory()
      const ended = await run([fixture('spooling-application'), way], {
        env: {
          RUSTOK_SPOOL_DIRECTORY: directory,
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        },
      })
      assert.deepEqual([ended.code, ended.signal], [code, signal], ended.stderr)
      assert.doesNotMatch(ended.stderr, /were lost/)
      const collector = await startCollector(undefined, { port })
      atEnd(collector.stop)
      const next = spooling(port, { spoolDirectory: directory })
      await until(() => collector.spans().length >= 700, 'all spans')
      await until(() => segmentsIn(directory).length === 0, 'the segments to go')
      const names = new Set(collector.spans().map(({ name }) => name))
      assert.equal(names.size, 700)
      const { found, exported } = next.ledger().recovered
      assert.equal(found, exported)
      await next.pipeline.shutdown()
      assert.deepEqual(readdirSync(directory), [])
    })
  }
})

suite('worker threads', () => {
  test('have each a place of their own; that of one that was terminated is taken over, of no other', async () => {
    const port = await freePort()
    const directory = spoolDirectory()
    const workerData = { endpoint: `http://127.0.0.1:${port}`, spoolDirectory: directory }
    const start = (name: string) =>
      new Worker(fixture('spooling-worker'), { workerData: { ...workerData, name } })
    const [living, dying] = [start('living'), start('dying')]
    atEnd(
      () => living.terminate(),
      () => dying.terminate(),
    )
    await Promise.all([once(living, 'message'), once(dying, 'message')])
    assert.equal(readdirSync(directory).length, 2)
    await dying.terminate()
    const next = spooling(port, { spoolDirectory: directory })
    await until(() => next.ledger().recovered.found > 0, 'the spans of the dead one')
    assert.equal(next.ledger().recovered.found, 100)
    const collector = await startCollector(undefined, { port })
    atEnd(collector.stop)
    living.postMessage('deliver')
    const [found] = await once(living, 'message')
    assert.equal(found, 0)
    await until(() => next.ledger().recovered.exported === 100)
    const count = (name: string) => collector.spans().filter((span) => span.name === name).length
    assert.deepEqual([count('living'), count('dying')], [100, 100])
  })
})

suite('a cluster', () => {
  test('the place of a worker that was killed is taken over while the primary lives', async () => {
    const directory = spoolDirectory()
    let output = ''
    let tell: (message: string) => unknown = () => undefined
    const ended = run([fixture('spooling-cluster'), directory], {
      during: (child) => {
        child.stdout?.on('data', (text) => {
          output += text
        })
        tell = (message) => child.send(message)
        atEnd(() => child.kill('SIGKILL'))
      },
    })
    await until(() => output.includes('stored'), 'the worker to spool')
    const beside = await startSpooler(directory, { owner: 'b' })
    beside.tell({ kind: 'collector', up: true })
    beside.tell({ kind: 'emit', count: 1, size: 10 })
    await beside.when(({ exported }) => exported === 1)
    assert.equal((await beside.stop()).recovered.found, 0, 'the worker lives')
    tell('kill')
    await until(() => output.includes('killed'), 'the worker to die')
    const next = await startSpooler(directory, { owner: 'n' })
    next.tell({ kind: 'collector', up: true })
    await next.when(({ recovered }) => recovered.exported === 5)
    tell('end')
    await Promise.race([ended, next.stop()])
  })
})
