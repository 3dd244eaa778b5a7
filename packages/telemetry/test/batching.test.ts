/** When batches leave, what is in one, and that a burst loses nothing. */
import assert from 'node:assert/strict'
import { afterEach, suite, test } from 'node:test'
import type { OtelConfigFields } from '../src/config.ts'
import { type Collector, startCollector } from './support/collector.ts'
import { pipelineTo, type TestPipeline, until } from './support/pipeline.ts'
import { listen } from './support/said.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(
  fields: Partial<OtelConfigFields> = {},
  maxReceiveBytes?: number,
): Promise<TestPipeline & { collector: Collector }> {
  const collector = await startCollector(undefined, { maxReceiveBytes })
  stops.push(collector.stop)
  const pipeline = pipelineTo(collector.endpoint, fields)
  stops.push(() => pipeline.pipeline.shutdown())
  return { ...pipeline, collector }
}

const never = 2 ** 31 - 1
const text = (bytes: number) => 'x'.repeat(bytes)

suite('a batch', () => {
  test('leaves at once when it is full, and the next span waits', async () => {
    const { collector, emit, ledger } = await start({ scheduleDelay: never })
    emit(513)
    await until(() => ledger().exported === 512)
    assert.deepEqual(
      collector.accepted.map(({ spans }) => spans.length),
      [512],
    )
    assert.equal(ledger().queued, 1)
  })

  test('that is not full stays until it is', async () => {
    const { collector, emit, ledger } = await start({ scheduleDelay: never })
    emit(511)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(collector.attempts, 0)
    assert.equal(ledger().queued, 511)
  })

  test('leaves after the schedule delay, time and again', async () => {
    const { collector, emit } = await start({ scheduleDelay: 20 })
    for (const round of [1, 2, 3]) {
      emit(2)
      await until(() => collector.accepted.length === round)
    }
    assert.equal(collector.spans().length, 6)
  })

  test('leaves on forceFlush', async () => {
    const { collector, emit, pipeline } = await start({ scheduleDelay: never })
    emit(3)
    await pipeline.flush()
    assert.equal(collector.spans().length, 3)
  })

  test('has the size that is configured', async () => {
    const { collector, emit, pipeline } = await start({ maxExportBatchSize: 10, maxQueueSize: 100 })
    emit(35)
    await pipeline.flush()
    assert.deepEqual(
      collector.accepted.map(({ spans }) => spans.length).sort((a, b) => b - a),
      [10, 10, 10, 5],
    )
  })

  test('holds the spans of all scopes, each under its own', async () => {
    const { collector, provider, pipeline } = await start()
    const names = ['a', 'b', 'c']
    for (let i = 0; i < 9; i++) {
      provider
        .getTracer(names[i % 3]!, `v${i % 3}`)
        .startSpan(`${names[i % 3]} ${i}`)
        .end()
    }
    await pipeline.flush()
    provider.getTracer('b', 'v1').startSpan('b again').end()
    await pipeline.flush()
    assert.deepEqual(
      collector.accepted.map(({ spans }) => spans.length),
      [9, 1],
    )
    for (const { name, scope } of collector.spans()) {
      assert.equal(scope.name, name[0])
      assert.equal(scope.version, `v${names.indexOf(name[0]!)}`)
    }
  })
})

suite('size on the wire', () => {
  /** What a gRPC server takes unless it is told otherwise. */
  const usual = 4 * 1024 * 1024

  test('large spans go in requests that a usual collector takes', async () => {
    const { collector, emit, pipeline, ledger } = await start({}, usual)
    emit(100, 'large', { payload: text(300_000) })
    await pipeline.flush()
    assert.equal(collector.spans().length, 100)
    assert.equal(ledger().exported, 100)
    assert.ok(collector.accepted.length >= 8, 'more than one request')
  })

  test('one huge span does not take the small ones of its batch with it, and arrives without its largest attributes', async () => {
    const { collector, emit, tracer, pipeline, ledger } = await start({ scheduleDelay: never }, usual)
    const said = listen()
    const huge = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`part ${i}`, text(1_000_000)]))
    emit(100, 'before', { payload: text(20_000) })
    const span = tracer.startSpan('huge', { attributes: { ...huge, tenant_id: 'acme', small: text(1000) } })
    span.addEvent('large', { body: text(900_000) }).addEvent('small', { body: 'b' })
    span.end()
    emit(100, 'after', { payload: text(20_000) })
    await pipeline.flush()
    assert.equal(collector.spans().length, 201)
    assert.deepEqual([ledger().exported, ledger().queued], [201, 0])
    const arrived = collector.spans().find(({ name }) => name === 'huge')!
    assert.equal(arrived.spanId, span.spanContext().spanId)
    assert.equal(arrived.attributes.tenant_id, 'acme')
    assert.equal(arrived.attributes.small, text(1000))
    const kept = Object.keys(arrived.attributes).length
    assert.equal(kept + arrived.droppedAttributes, 8)
    assert.ok(
      arrived.droppedAttributes >= 3 && arrived.droppedAttributes <= 4,
      `${arrived.droppedAttributes}`,
    )
    assert.ok(arrived.events.some(({ name }) => name === 'small'))
    assert.equal(arrived.events.length + arrived.droppedEvents, 2)
    assert.match(
      said.join('\n'),
      /span 'huge' has 7 MiB, more than collectors take: the largest were dropped/,
    )
  })

  test('a span whose name alone is too long arrives with its beginning', async () => {
    const { collector, emit, pipeline, ledger } = await start({}, usual)
    emit(1, text(5_000_000))
    await pipeline.flush()
    assert.equal(ledger().exported, 1)
    assert.ok(collector.spans()[0]!.name.startsWith(text(1000)))
  })
})

suite('a burst', () => {
  test('of 100,000 spans in one go loses none', async () => {
    const { collector, tracer, pipeline, ledger } = await start()
    const attributes = {
      'http.request.method': 'GET',
      'http.route': '/items/:id',
      'http.response.status_code': 200,
    }
    for (let i = 0; i < 100_000; i++)
      tracer.startSpan('GET /items/:id', { attributes }).setAttribute('n', i).end()
    await pipeline.flush(60_000)
    assert.equal(ledger().exported, 100_000)
    const seen = new Set(collector.spans().map((span) => span.attributes.n))
    assert.equal(seen.size, 100_000)
  })

  test('across many scopes loses none', async () => {
    const { collector, provider, pipeline } = await start()
    for (let i = 0; i < 5000; i++)
      provider
        .getTracer(`scope ${i % 300}`)
        .startSpan(`${i}`)
        .end()
    await pipeline.flush(60_000)
    assert.equal(new Set(collector.spans().map(({ name }) => name)).size, 5000)
  })
})

test('forceFlush waits for what has ended, not for what goes on ending', async () => {
  const { collector, emit, pipeline, ledger } = await start({ exportTimeout: 60_000 })
  collector.answer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    return {}
  }
  let flushed = false
  emit(600)
  void pipeline.flush().then(() => {
    flushed = true
  })
  const rounds = 4000
  for (let round = 0; round < rounds && !flushed; round++) {
    emit(512)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(flushed, 'while spans kept ending')
  assert.ok(ledger().exported >= 600)
})
