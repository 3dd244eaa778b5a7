/** The exporter's own calls: no span, and no process that waits for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OtelConfig } from '../../src/config.ts'
import { tracedSpan } from '../../src/index.ts'
import { initTracing } from '../../src/tracing.ts'
import { startCollector } from '../support/collector.ts'
import { atEnd } from '../support/delivery.ts'
import { startHttpCollector } from '../support/http-collector.ts'
import { run } from '../support/run.ts'

/** The collector is in this process: its side of the request is not traced. */
const without = ['http'] as const

for (const protocol of ['grpc', 'http/protobuf', 'http/json'] as const) {
  const start = async () => {
    const collector = protocol === 'grpc' ? await startCollector() : await startHttpCollector()
    atEnd(collector.stop)
    return collector
  }

  test(`${protocol}: a request does not make a span, which would make a request`, async () => {
    const { endpoint } = await start()
    const tracing = await initTracing(new OtelConfig({ endpoint, protocol, logLevel: 'none' }), { without })
    atEnd(tracing.shutdown)
    // From within a span too: its context must not reach the exporter.
    await tracedSpan('work', async () => {
      tracedSpan('inner', () => {})
      await tracing.forceFlush()
    })
    await tracing.forceFlush()
    await tracing.forceFlush()
    const { created, exported } = tracing.ledger()
    assert.deepEqual([created, exported], [2, 2])
  })

  test(`${protocol}: a connection that lies idle does not keep the process`, async () => {
    const { endpoint } = await start()
    const program = `
      import { initTracing, tracedSpan } from '@rustok/telemetry'
      const tracing = await initTracing()
      tracedSpan('work', () => {})
      await tracing.forceFlush()
      console.log(tracing.ledger().exported)
    `
    const { code, signal, stdout, stderr } = await run(['--input-type=module', '--eval', program], {
      cwd: new URL('.', import.meta.url).pathname,
      env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
    })
    assert.deepEqual([code, signal, stdout], [0, null, '1\n'], stderr)
  })
}
