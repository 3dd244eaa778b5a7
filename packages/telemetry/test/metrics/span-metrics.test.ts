/** Rate, errors and durations from spans: what is counted, sampled or not, and how it stays bounded. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OtelConfig, type OtelConfigFields } from '../../src/config.ts'
import { correlate } from '../../src/correlate.ts'
import { tracedSpan } from '../../src/traced-span.ts'
import { initTracing, type Tracing } from '../../src/tracing.ts'
import { startCollector } from '../support/collector.ts'
import { type OpenMetrics, readOpenMetrics } from '../support/open-metrics.ts'

const calls = 'traces_span_metrics_calls_total'
const durations = 'traces_span_metrics_duration_seconds'

/** What is measured of `work`. */
async function measured(
  work: (tracing: Tracing) => unknown,
  fields: Partial<OtelConfigFields> = {},
): Promise<OpenMetrics> {
  const tracing = await initTracing(
    new OtelConfig({
      endpoint: 'http://127.0.0.1:9',
      logLevel: 'none',
      shutdownTimeout: 0,
      spanMetrics: true,
      ...fields,
    }),
  )
  try {
    await work(tracing)
    return await readOpenMetrics(tracing.openMetrics())
  } finally {
    await tracing.shutdown()
  }
}

const tracer = () => trace.getTracer('test')

suite('span metrics', () => {
  test('count calls by name, kind and status', async () => {
    const metrics = await measured(() => {
      for (let i = 0; i < 3; i++) tracer().startSpan('GET /a', { kind: SpanKind.SERVER }).end()
      tracer().startSpan('GET /a', { kind: SpanKind.SERVER }).setStatus({ code: SpanStatusCode.ERROR }).end()
      tracer().startSpan('GET /a', { kind: SpanKind.CLIENT }).setStatus({ code: SpanStatusCode.OK }).end()
    })
    const of = (kind: string, status: string) =>
      metrics.value(calls, {
        span_name: 'GET /a',
        span_kind: `SPAN_KIND_${kind}`,
        status_code: `STATUS_CODE_${status}`,
      })
    assert.deepEqual([of('SERVER', 'UNSET'), of('SERVER', 'ERROR'), of('CLIENT', 'OK')], [3, 1, 1])
    assert.equal(metrics.samples(calls).length, 3)
    assert.ok(metrics.samples(calls).every(({ labels }) => labels.service_name === 'rustok-server'))
  })

  test('measure durations in seconds', async () => {
    const metrics = await measured(() => {
      for (const ms of [0.2, 3, 40, 40, 700, 45_000]) {
        const span = tracer().startSpan('work', { startTime: [1000, 0] })
        span.end([1000 + Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)])
      }
      tracer()
        .startSpan('work', { startTime: [1000, 0] })
        .end([999, 0])
    })
    const sum = metrics.value(`${durations}_sum`)
    assert.ok(Math.abs(sum - 45.7832) < 1e-9, String(sum))
    const upTo = (le: string) => metrics.value(`${durations}_bucket`, { le })
    assert.deepEqual(
      ['0.0005', '0.0025', '0.005', '0.05', '0.5', '1.0', '30.0', '+Inf'].map(upTo),
      [2, 2, 3, 5, 5, 6, 6, 7],
    )
  })

  test('measure spans that are not sampled, by the name, the status and the tenant that they end with', async () => {
    const metrics = await measured(
      () => {
        const span = tracer().startSpan('POST', { kind: SpanKind.SERVER })
        span.setAttribute('ignored', 1).updateName('POST /orders')
        correlate({ tenantId: 'acme' }, () => tracedSpan('query', () => {}))
        span.setStatus({ code: SpanStatusCode.ERROR }).end()
      },
      { samplingRate: 0 },
    )
    const labels = { span_name: 'POST /orders', status_code: 'STATUS_CODE_ERROR' }
    assert.equal(metrics.value(calls, labels), 1)
    assert.equal(metrics.value(calls, { span_name: 'query', tenant_id: 'acme' }), 1)
    assert.equal(metrics.value('rustok_spans_created_total'), 0)
  })

  test('give the tenant to the request that it was found out in', async () => {
    const metrics = await measured(
      () =>
        tracer().startActiveSpan('request', (request) => {
          correlate({ tenantId: 'acme' }, () => {})
          request.end()
        }),
      { samplingRate: 0 },
    )
    assert.equal(metrics.value(calls, { span_name: 'request', tenant_id: 'acme' }), 1)
  })

  test('point to sampled traces alone by their exemplars', async () => {
    const ids: string[] = []
    const work = () =>
      tracedSpan('work', (span) => {
        ids.push(span.spanContext().traceId)
      })
    const exemplars = (metrics: OpenMetrics) =>
      metrics.samples(`${durations}_bucket`).flatMap(({ exemplar }) => exemplar?.labels.trace_id ?? [])
    const sampled = exemplars(await measured(work, { samplingRate: 1 }))
    assert.deepEqual(sampled, ids)
    assert.deepEqual(exemplars(await measured(work, { samplingRate: 0 })), [])
  })

  test('do not change what is exported, nor what is propagated', async () => {
    const collector = await startCollector()
    try {
      const metrics = await measured(
        async (tracing) => {
          for (let i = 0; i < 200; i++) {
            tracedSpan('parent', (parent) => {
              tracedSpan('child', (child) => {
                assert.equal(child.spanContext().traceFlags & 1, parent.spanContext().traceFlags & 1)
              })
            })
          }
          await tracing.forceFlush()
        },
        { endpoint: collector.endpoint, samplingRate: 0.5 },
      )
      const parents = collector.spans().filter(({ name }) => name === 'parent').length
      const children = collector.spans().filter(({ name }) => name === 'child').length
      assert.equal(parents, children)
      assert.ok(parents > 50 && parents < 150)
      assert.equal(metrics.value(calls, { span_name: 'child' }), 200)
    } finally {
      collector.stop()
    }
  })

  test('tell the first tenants apart, and keep the others together', async () => {
    const metrics = await measured(
      () => {
        for (let i = 0; i < 10; i++)
          correlate({ tenantId: `tenant ${i}` }, () => tracedSpan('work', () => {}))
        tracedSpan('work', () => {})
      },
      { spanMetricsTenants: 3 },
    )
    const byTenant = metrics.samples(calls).map(({ labels, value }) => [labels.tenant_id, value])
    assert.deepEqual(byTenant, [
      ['tenant 0', 1],
      ['tenant 1', 1],
      ['tenant 2', 1],
      ['_other', 7],
      [undefined, 1],
    ])
  })

  test('leave tenants out when none are wanted', async () => {
    const metrics = await measured(
      () => correlate({ tenantId: 'acme' }, () => tracedSpan('work', () => {})),
      { spanMetricsTenants: 0 },
    )
    assert.deepEqual(Object.keys(metrics.samples(calls)[0]!.labels).includes('tenant_id'), false)
  })

  test('have 2,000 series at most: what comes later is counted in one', async () => {
    const metrics = await measured(() => {
      for (let i = 0; i < 3000; i++) tracedSpan(`name ${i}`, () => {})
      tracedSpan('name 5', () => {})
      tracedSpan('x'.repeat(100_000), () => {})
    })
    assert.equal(metrics.samples(calls).length, 2000)
    assert.equal(metrics.value(calls, { otel_metric_overflow: 'true' }), 1002)
    assert.equal(metrics.value(calls, { span_name: 'name 5' }), 2)
  })

  test('are off by default', async () => {
    const metrics = await measured(() => tracedSpan('work', () => {}), { spanMetrics: false })
    assert.deepEqual(metrics.samples(calls), [])
    assert.equal(metrics.value('rustok_spans_created_total'), 1)
  })
})
