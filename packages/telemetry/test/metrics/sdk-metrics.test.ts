/** What the library says about itself: the ledger and the `otel.sdk.*` metrics, against what a collector saw. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { OtelConfig, type OtelConfigFields } from '../../src/config.ts'
import { tracedSpan } from '../../src/traced-span.ts'
import { initTracing, type Tracing } from '../../src/tracing.ts'
import { type Answering, type Collector, startCollector } from '../support/collector.ts'
import { type OpenMetrics, readOpenMetrics } from '../support/open-metrics.ts'
import { until } from '../support/pipeline.ts'

interface Scene {
  readonly tracing: Tracing
  readonly collector: Collector
  read(): Promise<OpenMetrics>
}

async function scene(
  play: (scene: Scene) => unknown,
  answer?: Answering,
  fields: Partial<OtelConfigFields> = {},
): Promise<OpenMetrics> {
  const collector = await startCollector(answer)
  const config = { endpoint: collector.endpoint, logLevel: 'none', shutdownTimeout: 0, ...fields } as const
  const tracing = await initTracing(new OtelConfig(config))
  const read = () => readOpenMetrics(tracing.openMetrics())
  try {
    await play({ tracing, collector, read })
    return await read()
  } finally {
    await tracing.shutdown()
    collector.stop()
  }
}

const emit = (count: number) => {
  for (let i = 0; i < count; i++) tracedSpan('work', () => {})
}

const exported = 'otel_sdk_exporter_span_exported_total'
const processed = 'otel_sdk_processor_span_processed_total'
const duration = 'otel_sdk_exporter_operation_duration_seconds'

suite('the ledger as metrics', () => {
  test('balances, as the ledger does', async () => {
    const metrics = await scene(
      async ({ tracing }) => {
        emit(100)
        await tracing.forceFlush()
        emit(7)
      },
      () => ({ response: Buffer.from([0x0a, 0x02, 0x08, 30]) }),
    )
    const value = (name: string) => metrics.value(`rustok_spans_${name}`)
    assert.deepEqual(
      [value('created_total'), value('exported_total'), value('rejected_total'), value('queued')],
      [107, 70, 30, 7],
    )
    assert.equal(value('spooled'), 0)
    assert.ok(metrics.samples('rustok_spans_dropped_total').every((sample) => sample.value === 0))
  })

  test('has every reason to drop, and says who sends', async () => {
    const resourceAttributes = { 'deployment.environment.name': 'test', 'team "a"': 'b\n' }
    const { ledger, metrics } = await (async () => {
      const seen: { ledger?: ReturnType<Tracing['ledger']> } = {}
      const read = await scene(
        ({ tracing }) => {
          seen.ledger = tracing.ledger()
        },
        undefined,
        { resourceAttributes },
      )
      return { ledger: seen.ledger!, metrics: read }
    })()
    assert.deepEqual(
      metrics.samples('rustok_spans_dropped_total').map(({ labels }) => labels.reason),
      Object.keys(ledger.dropped),
    )
    assert.deepEqual(metrics.samples('target_info')[0]!.labels, {
      deployment_environment_name: 'test',
      team__a_: 'b\n',
      service_name: 'rustok-server',
      service_version: '0.1.0',
    })
  })
})

suite('otel.sdk metrics', () => {
  test('follow spans from the queue to the collector', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const metrics = await scene(
      async ({ tracing, collector, read }) => {
        emit(512 + 5)
        await until(() => collector.attempts === 1)
        const during = await read()
        assert.equal(during.value('otel_sdk_exporter_span_inflight'), 512)
        assert.equal(during.value('otel_sdk_processor_span_queue_size'), 5)
        assert.equal(during.value(processed), 512)
        assert.equal(during.value(exported), 0)
        release()
        await tracing.forceFlush()
      },
      async () => {
        await held
        return {}
      },
    )
    assert.equal(metrics.value('otel_sdk_exporter_span_inflight'), 0)
    assert.equal(metrics.value('otel_sdk_processor_span_queue_size'), 0)
    assert.equal(metrics.value('otel_sdk_processor_span_queue_capacity'), 2048)
    assert.equal(metrics.value(processed), 517)
    const [port] = metrics.samples(exported).map(({ labels }) => labels.server_port)
    assert.deepEqual(metrics.samples(exported)[0]!.labels, {
      otel_component_name: 'otlp_grpc_span_exporter/0',
      otel_component_type: 'otlp_grpc_span_exporter',
      server_address: '127.0.0.1',
      server_port: port!,
    })
    assert.equal(metrics.value(exported), 517)
    assert.equal(metrics.value(`${duration}_count`), 2)
  })

  test('count an export once, however often it is tried, with all its time', async () => {
    const metrics = await scene(
      async ({ tracing }) => {
        emit(10)
        await tracing.forceFlush()
      },
      (attempt) => (attempt < 3 ? { code: 14 } : {}),
    )
    assert.equal(metrics.value(exported), 10)
    assert.equal(metrics.value(`${duration}_count`), 1)
    // Two pauses, of a quarter of a second at least.
    assert.ok(metrics.value(`${duration}_sum`) > 0.5)
  })

  test('say why exports failed', async () => {
    const refused = await scene(
      async ({ tracing }) => {
        emit(10)
        await tracing.forceFlush()
      },
      () => ({ code: 7, details: 'no' }),
    )
    assert.equal(refused.value(exported, { error_type: 'PERMISSION_DENIED' }), 10)
    assert.equal(refused.value(`${duration}_count`, { error_type: 'PERMISSION_DENIED' }), 1)
    const rejected = await scene(
      async ({ tracing }) => {
        emit(10)
        await tracing.forceFlush()
      },
      () => ({ response: Buffer.from([0x0a, 0x02, 0x08, 4]) }),
    )
    assert.equal(rejected.value(exported, { error_type: 'rejected' }), 4)
    assert.deepEqual(
      rejected.samples(exported).map(({ value }) => value),
      [6, 4],
    )
  })

  test('count what is lost before it is exported', async () => {
    const metrics = await scene(
      ({ tracing }) => {
        emit(100)
        return tracing.shutdown()
      },
      () => undefined,
      { maxQueueSize: 10, maxExportBatchSize: 10, maxBufferBytes: 0 },
    )
    const lost = metrics.samples(processed).filter(({ labels }) => labels.error_type !== undefined)
    const ledger = metrics.value('rustok_spans_dropped_total', { reason: 'queue_full' })
    assert.ok(ledger > 0)
    assert.equal(lost.find(({ labels }) => labels.error_type === 'queue_full')?.value, ledger)
    const sum = metrics.samples(processed).reduce((total, { value }) => total + value, 0)
    assert.equal(sum + metrics.value('otel_sdk_processor_span_queue_size'), 100)
  })

  test('count starts by parent and by what the sampler said, and what is live', async () => {
    const remote = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      traceFlags: 0,
      isRemote: true,
    })
    const metrics = await scene(
      () => {
        const tracer = trace.getTracer('test')
        tracer.startSpan('open')
        tracedSpan('root', () => emit(3))
        tracer.startSpan('unsampled', {}, remote).end()
      },
      undefined,
      { spanMetrics: true },
    )
    const started = (origin: string, result: string) =>
      metrics.value('otel_sdk_span_started_total', {
        otel_span_parent_origin: origin,
        otel_span_sampling_result: result,
      })
    assert.equal(started('none', 'RECORD_AND_SAMPLE'), 2)
    assert.equal(started('local', 'RECORD_AND_SAMPLE'), 3)
    assert.equal(started('remote', 'RECORD_ONLY'), 1)
    const live = (result: string) =>
      metrics.value('otel_sdk_span_live', { otel_span_sampling_result: result })
    assert.deepEqual([live('RECORD_AND_SAMPLE'), live('RECORD_ONLY')], [1, 0])
  })
})
