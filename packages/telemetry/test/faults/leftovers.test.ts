/** What an outage leaves behind: sockets, timers and listeners stay few while it lasts, and none stays when tracing has ended. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { LedgerSnapshot } from '../../src/export/ledger.ts'
import { startCollector } from '../support/collector.ts'
import { startHttpCollector } from '../support/http-collector.ts'
import { balanced } from '../support/pipeline.ts'
import { run } from '../support/run.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const application = fileURLToPath(new URL('../fixtures/leftovers.ts', import.meta.url))

interface Open {
  readonly resources: number
  readonly listeners: number
}

/** Of two outages in one process, each with a tracing of its own. */
async function outages(env: Record<string, string>): Promise<{ before: Open; most: Open; after: Open }> {
  const { code, stdout, stderr } = await run([application], { env: { OTEL_LOG_LEVEL: 'none', ...env } })
  assert.equal(code, 0, stderr)
  const lines = stdout.trim().split('\n')
  const open = JSON.parse(lines.pop()!)
  assert.equal(lines.length, 2)
  for (const line of lines) {
    const { created, queued, dropped } = balanced(JSON.parse(line) as LedgerSnapshot)
    assert.deepEqual([created, queued, dropped.shutdown], [4000, 0, 4000])
  }
  return open
}

suite('sockets, timers and listeners', { concurrency: 3 }, () => {
  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    test(`stay few while connections are reset (${protocol}), and all are gone after shutdown`, async (t) => {
      const proxy = await startTcpProxy(9, 'refuse')
      t.after(proxy.stop)
      const { before, most, after } = await outages({
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: proxy.endpoint,
      })
      assert.ok(most.resources <= before.resources + 12, JSON.stringify({ before, most }))
      assert.deepEqual(after, before)
    })

    test(`stay few while a collector asks to come again at once (${protocol}), and all are gone after shutdown`, async (t) => {
      const collector =
        protocol === 'grpc'
          ? await startCollector(() => ({ code: 14 }))
          : await startHttpCollector(() => ({ status: 503, headers: { 'retry-after': '0' } }))
      t.after(collector.stop)
      const { before, most, after } = await outages({
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.endpoint,
      })
      assert.ok(most.resources <= before.resources + 12, JSON.stringify({ before, most }))
      assert.deepEqual(after, before)
    })
  }
})
