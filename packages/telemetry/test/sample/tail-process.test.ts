/** Tail sampling in processes of its own: configured by the environment, and whatever way the process ends. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DiagLogLevel, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { AlwaysOffSampler, AlwaysOnSampler } from '@opentelemetry/sdk-trace'
import { OtelConfig } from '../../src/config.ts'
import { initOtelLayer } from '../../src/layer.ts'
import { startCollector } from '../support/collector.ts'
import { run } from '../support/run.ts'
import { traced } from '../support/traced.ts'

const fixture = fileURLToPath(new URL('../fixtures/tail-sampling.ts', import.meta.url))

suite('a process that ends', { timeout: 120_000 }, () => {
  for (const [way, code] of [
    ['runs empty', 0],
    ['shutdown', 0],
    ['exit', 3],
  ] as const) {
    test(`by way of ${way} decides and delivers what waits`, async () => {
      const collector = await startCollector()
      const finished = await run([fixture, way], {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
          RUSTOK_TAIL_SAMPLING: 'true',
          RUSTOK_TAIL_SAMPLING_RATE: '0',
          RUSTOK_TAIL_SAMPLING_SLOW_MS: '60000',
        },
      })
      const spans = collector.spans()
      collector.stop()
      assert.equal(finished.code, code, finished.stderr)
      assert.deepEqual(
        spans.map(({ name }) => name),
        ['failed child'],
      )
      if (way !== 'shutdown') return
      assert.equal(finished.stderr, '', 'what is let go on purpose is not complained about')
      const { created, exported, dropped, queued } = JSON.parse(finished.stdout)
      assert.deepEqual([created, exported, dropped.tail_sampled, queued], [3, 1, 2, 0])
    })
  }
})

suite('initTracing', () => {
  test('asks the sampler that it is given', async () => {
    const work = () => trace.getTracer('t').startSpan('s', {}, ROOT_CONTEXT).end()
    assert.equal((await traced(work, { sampler: new AlwaysOffSampler() })).spans.length, 0)
    const config = { samplingRate: 0 }
    assert.equal((await traced(work, { sampler: new AlwaysOnSampler(), config })).spans.length, 1)
  })

  test('gives a handle to change sampling with', async () => {
    const { spans, ledger } = await traced(
      ({ sampling }) => {
        const end = (name: string) => trace.getTracer('t').startSpan(name).end()
        end('before')
        sampling.update({ tailSamplingRate: 1 })
        end('after')
      },
      { config: { tailSampling: true, tailSamplingRate: 0 } },
    )
    assert.deepEqual([spans.map(({ name }) => name), ledger.dropped.tail_sampled], [['after'], 1])
  })

  test('is what tail sampling needs: initOtelLayer says that it decides nothing', () => {
    const said: string[] = []
    const logger = {
      error() {},
      info() {},
      debug() {},
      verbose() {},
      warn: (text: string) => said.push(text),
    }
    diag.setLogger(logger, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true })
    initOtelLayer(new OtelConfig({ tenantBudget: 5 }))
    initOtelLayer(new OtelConfig())
    diag.disable()
    assert.equal(said.length, 1)
    assert.match(said[0]!, /need initTracing/)
  })

  test('takes an update without effect while tracing is off', async () => {
    await traced(({ sampling }) => sampling.update({ tailSamplingRate: 1 }), { config: { enabled: false } })
  })
})
