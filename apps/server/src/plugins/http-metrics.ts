/** Counts and times every answered request, and serves `/metrics` in Prometheus' text format. */
import type { FastifyInstance } from 'fastify'
import type { AppServices } from './plugin.ts'

/** For requests without a route, whose paths are the client's invention. */
const NO_ROUTE = 'unmatched'

export const httpMetrics = (app: FastifyInstance, { metrics }: Pick<AppServices, 'metrics'>): void => {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? NO_ROUTE
    metrics.httpRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1_000)
    done()
  })
  app.get('/metrics', { logLevel: 'warn' }, async (_request, reply) => {
    reply.type(metrics.registry.contentType)
    return metrics.registry.metrics()
  })
}
