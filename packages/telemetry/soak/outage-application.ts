/** The application of the soak: ends spans at a rate, numbered, and tells once a second how it is. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { trace } from '@opentelemetry/api'
import { initTracing, OtelConfig } from '../src/index.ts'

export interface Sample {
  readonly ended: number
  readonly created: number
  readonly exported: number
  readonly dropped: number
  readonly queued: number
  readonly spooled: number
  readonly recoveredFound: number
  readonly recoveredExported: number
  readonly recoveredSpooled: number
  readonly rss: number
  /** Bytes outside of the heap. */
  readonly buffers: number
  /** Longest of the last second. */
  readonly delayMs: number
}

const [rate = 0, first = 0] = process.argv.slice(2).map(Number)
const tracing = await initTracing(OtelConfig.fromEnv(), { without: ['undici'] })
const tracer = trace.getTracer('soak')
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
let ended = 0
let quiet = false
const began = performance.now()

setInterval(() => {
  if (quiet) return
  const due = ((performance.now() - began) / 1000) * rate
  for (; ended < due; ended++) {
    const span = tracer.startSpan('GET /orders/:id', {
      attributes: {
        'soak.number': first + ended,
        'http.request.method': 'GET',
        'http.route': '/orders/:id',
        'url.path': `/orders/${ended}`,
        'server.address': 'shop.example.com',
        'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64)',
        'network.protocol.version': '1.1',
        tenant_id: 'acme',
      },
    })
    span.setAttribute('http.response.status_code', 200)
    span.end()
  }
}, 10)

setInterval(() => {
  const { created, exported, dropped, queued, spooled, recovered } = tracing.ledger()
  const { rss, arrayBuffers } = process.memoryUsage()
  const sample: Sample = {
    ended,
    created,
    exported,
    dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0),
    queued,
    spooled,
    recoveredFound: recovered.found,
    recoveredExported: recovered.exported,
    recoveredSpooled: recovered.spooled,
    rss,
    buffers: arrayBuffers,
    delayMs: delay.max / 1e6,
  }
  delay.reset()
  process.send?.(sample)
}, 1000)

process.on('message', async (wish) => {
  quiet = true
  if (wish !== 'end') return
  await tracing.shutdown()
  process.exit(0)
})
