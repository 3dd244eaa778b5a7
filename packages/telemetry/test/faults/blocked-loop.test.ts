/** An event loop that stands still for five seconds, while requests are on the wire whose deadline is one: for real, in a process of its own. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { startCollector } from '../support/collector.ts'
import { startHttpCollector } from '../support/http-collector.ts'
import { balanced } from '../support/pipeline.ts'
import { run } from '../support/run.ts'

const application = fileURLToPath(new URL('../fixtures/blocked-loop.ts', import.meta.url))
/** Batches that the application makes; at most as many may come twice. */
const batches = 5
const spans = 2049

suite('an event loop that is blocked for five seconds', { concurrency: 2 }, () => {
  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    test(`loses nothing, and its next flush is bounded (${protocol})`, async (t) => {
      const collector = await (protocol === 'grpc' ? startCollector() : startHttpCollector())
      t.after(collector.stop)
      const { code, stdout, stderr } = await run([application, '5000'], {
        env: {
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.endpoint,
          OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
        },
      })
      assert.equal(code, 0, stderr)
      const { flushMs, ...ledger } = JSON.parse(stdout) as LedgerSnapshot & { readonly flushMs: number }
      balanced(ledger)
      assert.deepEqual([ledger.created, ledger.exported], [spans, spans])
      // A flush waits for one attempt's time and says no more; shutdown sends what is left.
      assert.ok(flushMs < 20_000, `${flushMs} ms`)
      const ids = collector.spans().map(({ spanId }) => spanId)
      assert.equal(new Set(ids).size, spans)
      const attempts = 'attempts' in collector ? collector.attempts : collector.requests.length
      assert.ok(attempts <= 2 * batches, `${attempts} attempts`)
    })
  }
})
