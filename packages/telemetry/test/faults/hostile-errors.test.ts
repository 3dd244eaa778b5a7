/** Errors that bite whoever looks at them: they pass through to the application as they are, and the span that failed is an error. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { trace } from '@opentelemetry/api'
import { traced as tracedFunction, tracedSpan } from '../../src/index.ts'
import { hostileErrors } from '../fixtures/hostile-errors.ts'
import { startCollector } from '../support/collector.ts'
import { only } from '../support/only.ts'
import { run } from '../support/run.ts'
import { traced } from '../support/traced.ts'

const application = fileURLToPath(new URL('../fixtures/hostile-exception.ts', import.meta.url))

suite('thrown in a span and caught by the application', () => {
  for (const [what, make] of Object.entries(hostileErrors)) {
    test(`${what} passes through as it is, and its spans are errors`, async () => {
      const error = make()
      const thrown = async (work: () => unknown) => {
        try {
          await work()
        } catch (caught) {
          assert.ok(Object.is(caught, error))
          return
        }
        assert.fail('nothing was thrown')
      }
      const fail = () => {
        throw error
      }
      const { spans, ledger } = await traced(async () => {
        await thrown(() => tracedSpan('throws', fail))
        await thrown(() => tracedSpan('rejects', async () => fail()))
        await thrown(tracedFunction('throws', fail))
        await thrown(() =>
          tracedFunction('iterates', function* () {
            yield fail()
          })().next(),
        )
        const span = trace.getTracer('errors').startSpan('records')
        span.recordException(error as Error)
        span.setStatus({ code: 2, message: error as string })
        span.end()
      })
      assert.equal(ledger.exported, 5)
      assert.deepEqual(
        spans.map(({ status }) => status.code),
        [2, 2, 2, 2, 2],
      )
    })
  }
})

suite('thrown and caught by nobody', { concurrency: 3 }, () => {
  for (const what of Object.keys(hostileErrors)) {
    test(`${what} ends the process as without tracing, and the request that failed is delivered`, async (t) => {
      const collector = await startCollector()
      t.after(collector.stop)
      // At the default level it would be said that there is nothing to record of some of them.
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_LOG_LEVEL: 'error' }
      const [ours, plain] = await Promise.all([
        run([application, what], { env }),
        run([application, what], { env: { OTEL_ENABLED: 'false' } }),
      ])
      assert.deepEqual([ours.code, ours.signal], [plain.code, plain.signal], ours.stderr)
      assert.equal(ours.stderr, plain.stderr)
      assert.equal(only(collector.spans(), 'request').status.code, 2)
    })
  }
})
