/** Deno has OpenTelemetry inside, and exports by OpenTelemetry's exporter for Rust; nothing of RusToK is in it. The tenant is an attribute. */
import { trace } from '@opentelemetry/api'

const { Deno } = globalThis
const tracer = trace.getTracer('quotes')

const server = Deno.serve(
  {
    hostname: '127.0.0.1',
    port: Number(Deno.env.get('PORT') ?? 0),
    onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/quote`),
  },
  (request) => {
    const tenant = { tenant_id: request.headers.get('x-tenant') ?? 'unknown' }
    trace.getActiveSpan()?.setAttributes(tenant).updateName(`${request.method} /quote`)
    return tracer.startActiveSpan('price quote', { attributes: tenant }, (span) => {
      span.setAttribute('quote.cents', 1999)
      span.end()
      return Response.json({ cents: 1999 })
    })
  },
)

Deno.addSignalListener('SIGINT', () => server.shutdown())
await server.finished
