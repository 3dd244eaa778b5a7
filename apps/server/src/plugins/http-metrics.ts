/** Counts and times every answered request, and serves `/metrics`: OpenMetrics to whom asks for it, else Prometheus' older format. */
import { trace } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { contentTypes, formatFor, writeMetrics } from '../metrics/exposition.ts'
import type { AppServices } from './plugin.ts'

/** For requests without a route, whose paths are the client's invention. */
const NO_ROUTE = 'unmatched'

export const httpMetrics = (app: FastifyInstance, { metrics }: Pick<AppServices, 'metrics'>): void => {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? NO_ROUTE
    const span = trace.getSpan(request.traceContext)
    metrics.httpRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1_000, span)
    done()
  })
  app.get('/metrics', { logLevel: 'warn' }, async (request, reply) => {
    const format = formatFor(request.headers.accept)
    const body = await writeMetrics(metrics.registry, metrics.readTracing(), format)
    return reply.header('vary', 'accept').type(contentTypes[format]).send(body)
  })
}
