/** A burst that comes faster than it can leave: nothing is lost, and what waits is small. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { trace } from '@opentelemetry/api'
import { until } from './support/pipeline.ts'
import { traced } from './support/traced.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is allocated when nothing is left that could be collected. */
async function settledBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await setImmediate()
    collectGarbage()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('100,000 spans wait for a collector that is away, half a kilobyte each, and all arrive when it returns', async () => {
  const count = 100_000
  let away = true
  const { ledger } = await traced(
    async (tracing) => {
      const tracer = trace.getTracer('burst')
      const make = async (from: number, to: number) => {
        for (let i = from; i < to; i++) {
          const attributes = {
            'http.request.method': 'GET',
            'http.route': '/api/orders/:id',
            'url.path': `/api/orders/${i.toString(16).padStart(8, '0')}`,
            'url.scheme': 'https',
            'server.address': 'shop.example.com',
            'server.port': 443,
            'user_agent.original': 'storefront-sync/2.4.1 node/26',
            tenant_id: `tenant-${i % 40}`,
          }
          const span = tracer.startSpan('GET /api/orders/:id', { kind: 1, attributes })
          span.setAttribute('http.response.status_code', 200).end()
          if (i % 512 === 0) await setImmediate()
        }
      }
      const before = 5000
      await make(0, before)
      const first = await settledBytes()
      await make(before, before + count)
      const perSpan = ((await settledBytes()) - first) / count
      assert.equal(tracing.ledger().queued, before + count)
      assert.ok(perSpan <= 512, `a span that waits takes ${Math.round(perSpan)} bytes`)
      away = false
      await until(() => tracing.ledger().exported === before + count, 'all to arrive')
    },
    { answer: () => (away ? { code: 14 } : {}) },
  )
  assert.deepEqual(new Set(Object.values(ledger.dropped)), new Set([0]))
})
