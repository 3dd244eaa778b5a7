/** Plugs that throw, reject, never settle, call back twice or answer nonsense: the application, the pipeline and the other plugs go on. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { trace } from '@opentelemetry/api'
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace'
import type { ReadableSpan, SpanExporter } from '../../src/plug/interfaces.ts'
import { until } from '../support/pipeline.ts'
import { processorOf } from '../support/processor.ts'
import { traced } from '../support/traced.ts'

const tracer = () => trace.getTracer('faults')
const emit = (count: number) => {
  for (let i = 0; i < count; i++) tracer().startSpan(`s${i}`).end()
}
const fail = (): never => {
  throw new Error('plugged in')
}
const never = () => new Promise<never>(() => {})
const exporterOf = (hooks: Partial<SpanExporter>): SpanExporter => ({
  export: (_spans, done) => done({ code: 0 }),
  shutdown: async () => {},
  ...hooks,
})

suite('processors', () => {
  test('one that throws everywhere costs nobody else a span', async () => {
    const others: ReadableSpan[] = []
    const { spans, ledger } = await traced(
      async (tracing) => {
        emit(5)
        await tracing.forceFlush()
      },
      {
        spanProcessors: [
          { onStart: fail, onEnding: fail, onEnd: fail, forceFlush: fail, shutdown: fail },
          processorOf({ onEnd: (span) => void others.push(span) }),
        ],
      },
    )
    assert.deepEqual([spans.length, others.length, ledger.exported], [5, 5, 5])
  })

  test('one that is asynchronous where it should not be, and rejects, does not end the process', async () => {
    const rejects = async () => fail()
    const { spans } = await traced(() => emit(2), {
      spanProcessors: [processorOf({ onStart: rejects, onEnding: rejects, onEnd: rejects } as never)],
    })
    assert.equal(spans.length, 2)
  })

  test('one that is no processor at all costs nobody else a span', async () => {
    const { spans } = await traced(() => emit(2), { spanProcessors: [{} as never, null as never] })
    assert.equal(spans.length, 2)
  })

  test('one whose promises reject or never settle holds up neither flush nor shutdown', async () => {
    const rejecting = async () => fail()
    const { spans } = await traced(
      async (tracing) => {
        emit(2)
        await tracing.forceFlush()
      },
      {
        spanProcessors: [
          processorOf({ forceFlush: rejecting, shutdown: rejecting }),
          processorOf({ forceFlush: never, shutdown: never }),
        ],
        config: { exportTimeout: 300, shutdownTimeout: 300 },
      },
    )
    assert.equal(spans.length, 2)
  })

  test('one that starts and ends spans itself does not loop', async () => {
    let depth = 0
    const { spans } = await traced(() => emit(1), {
      spanProcessors: [
        processorOf({
          onEnd() {
            if (depth++ === 0) tracer().startSpan('inner').end()
          },
        }),
      ],
    })
    assert.deepEqual(spans.map(({ name }) => name).sort(), ['inner', 's0'])
  })

  test('one that ends the span in onEnding ends it once', async () => {
    const { ledger } = await traced(() => emit(1), {
      spanProcessors: [processorOf({ onEnding: (span) => span.end() })],
    })
    assert.equal(ledger.created, 1)
  })

  test('after shutdown it is called no more', async () => {
    let shutdowns = 0
    let seen = 0
    let late = tracer().startSpan('before')
    await traced(
      async (tracing) => {
        late = tracer().startSpan('late')
        await tracing.shutdown()
        await tracing.shutdown()
        late.end()
      },
      {
        spanProcessors: [
          processorOf({
            onEnd: () => void seen++,
            shutdown: async () => void shutdowns++,
          }),
        ],
      },
    )
    assert.deepEqual([shutdowns, seen], [1, 0])
  })

  test('sees what is recorded and not sampled, which is not exported, nor given to exporters', async () => {
    const exporter = new InMemorySpanExporter()
    const seen: string[] = []
    const recordOnly = { shouldSample: () => ({ decision: 1 }), toString: () => 'RecordOnly' }
    const { spans } = await traced(
      async (tracing) => {
        const span = tracer().startSpan('s')
        assert.equal(span.isRecording(), true)
        assert.equal(span.spanContext().traceFlags & 1, 0)
        span.setAttribute('kept', 'k').end()
        await tracing.forceFlush()
        assert.equal(exporter.getFinishedSpans().length, 0)
      },
      {
        sampler: recordOnly,
        spanExporters: [exporter],
        spanProcessors: [processorOf({ onEnd: (span) => void seen.push(String(span.attributes.kept)) })],
      },
    )
    assert.deepEqual([spans.length, seen], [0, ['k']])
  })
})

suite('exporters', () => {
  test('ones that throw, reject, answer with failure, call back twice or never are left behind', async () => {
    const good = new InMemorySpanExporter()
    let calls = 0
    const { spans } = await traced(
      async (tracing) => {
        emit(30)
        await tracing.forceFlush()
        assert.equal(good.getFinishedSpans().length, 30)
        emit(30)
        await tracing.forceFlush()
        assert.equal(good.getFinishedSpans().length, 60)
      },
      {
        config: { maxExportBatchSize: 10, exportTimeout: 300, shutdownTimeout: 300 },
        spanExporters: [
          exporterOf({ export: fail, forceFlush: fail, shutdown: fail }),
          exporterOf({ export: () => Promise.reject(new Error('plugged in')) as never }),
          exporterOf({ export: (_spans, done) => done({ code: 1, error: new Error('plugged in') }) }),
          exporterOf({ export: (_spans, done) => done(undefined as never) }),
          exporterOf({
            export(_spans, done) {
              calls++
              done({ code: 0 })
              done({ code: 1 })
            },
          }),
          exporterOf({ export() {}, forceFlush: never, shutdown: never }),
          good,
        ],
      },
    )
    assert.equal(spans.length, 60)
    assert.equal(calls, 6)
  })

  test('one that never answers holds a bounded number of spans, and gets later ones after its time', async () => {
    const batches: number[] = []
    await traced(
      async () => {
        emit(10)
        await until(() => batches.length === 1, 'the first export')
        emit(100)
        await until(() => batches.length >= 3, 'the next exports')
      },
      {
        config: { maxExportBatchSize: 10, maxQueueSize: 20, exportTimeout: 200, shutdownTimeout: 100 },
        spanExporters: [exporterOf({ export: (spans) => void batches.push(spans.length) })],
      },
    )
    // Ten, and of the hundred that came while nobody answered the twenty that fit.
    assert.deepEqual(batches.slice(0, 3), [10, 10, 10])
    assert.ok(batches.length <= 4, `${batches.length} batches`)
  })

  test('is given spans in batches, one at a time, outside of every request and untraced', async () => {
    let open = 0
    const sizes: number[] = []
    const { spans } = await traced(() => emit(25), {
      config: { maxExportBatchSize: 10 },
      spanExporters: [
        exporterOf({
          async export(batch, done) {
            assert.equal(++open, 1)
            sizes.push(batch.length)
            tracer().startSpan('of the exporter').end()
            await sleep(1)
            open--
            done({ code: 0 })
          },
        }),
      ],
    })
    assert.deepEqual(sizes, [10, 10, 5])
    assert.equal(spans.length, 25)
  })
})

suite('id generators', () => {
  test('one that throws or makes no ids is replaced by random ids', async () => {
    const answers: unknown[] = ['', 'x'.repeat(32), '0'.repeat(32), 7, undefined, 'AB'.repeat(16)]
    const ids = {
      generateTraceId: () => (answers.length > 0 ? answers.shift() : fail()),
      generateSpanId: fail,
    }
    const { spans } = await traced(() => emit(8), { idGenerator: ids as never })
    assert.equal(spans.length, 8)
    for (const span of spans) {
      assert.match(span.traceId, /^(?!0+$)[0-9a-f]{32}$/)
      assert.match(span.spanId, /^(?!0+$)[0-9a-f]{16}$/)
    }
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 8)
  })
})

suite('resource detectors', () => {
  const detecting = (attributes: Record<string, unknown>) => ({ detect: () => ({ attributes }) })

  test('the first batch waits for attributes that are promised, and is then sent at once', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const { requests } = await traced(
      async (tracing) => {
        emit(25)
        await sleep(20)
        assert.equal(tracing.ledger().queued, 25)
        resolve('found')
        await until(() => tracing.ledger().exported === 25, 'the batch')
      },
      {
        config: { maxExportBatchSize: 10, scheduleDelay: 60_000 },
        resourceDetectors: [detecting({ late: promise, now: 'n' }), detecting({ now: 'later wins' })],
      },
    )
    assert.deepEqual([requests.length, requests[0]!.spans.length], [1, 25])
    assert.deepEqual([requests[0]!.resource.late, requests[0]!.resource.now], ['found', 'later wins'])
  })

  test('ones that throw, reject, never settle or find nonsense hold up neither flush nor shutdown', async () => {
    const rejection = sleep(5).then(fail)
    const { requests } = await traced(
      async (tracing) => {
        emit(1)
        await tracing.forceFlush()
        assert.equal(tracing.ledger().exported, 1)
      },
      {
        config: { exportTimeout: 400, shutdownTimeout: 400 },
        resourceDetectors: [
          { detect: fail },
          { detect: () => undefined as never },
          detecting({
            rejects: rejection,
            never: never(),
            symbol: Symbol('s'),
            '': 1,
          }),
          detecting({ fine: 'f' }),
        ],
      },
    )
    const { resource } = requests[0]!
    assert.equal(resource.fine, 'f')
    for (const name of ['rejects', 'never', '']) assert.ok(!(name in resource), name)
  })

  test('a service name that is found is used unless one is configured', async () => {
    const resourceDetectors = [detecting({ 'service.name': 'found' })]
    const found = await traced(() => emit(1), { resourceDetectors })
    assert.equal(found.requests[0]!.resource['service.name'], 'found')
    const configured = await traced(() => emit(1), { resourceDetectors, config: { serviceName: 'mine' } })
    assert.equal(configured.requests[0]!.resource['service.name'], 'mine')
  })
})
