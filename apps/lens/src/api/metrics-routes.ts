/** GET /metrics: Lens about itself, for Prometheus. Where tokens are configured it takes an admin's. */

import type { FastifyInstance } from 'fastify'
import { contentTypes, exposition, formatFor } from '../metrics/exposition.ts'
import { lensMetrics, querySeconds } from '../metrics/lens-metrics.ts'
import { type Scraped, scrapedMetrics } from '../metrics/scraped-metrics.ts'

export async function metricsRoutes(app: FastifyInstance, scraped: Scraped): Promise<void> {
  app.get('/metrics', { config: { access: 'admin' } }, async (request, reply) => {
    const format = formatFor(request.headers.accept)
    const families = [...lensMetrics, ...(await scrapedMetrics(scraped))]
    return reply.type(contentTypes[format]).send(exposition(families, format))
  })
}

/** How long each request took. By its route's pattern, of which there are few; never by its address. */
export function measureRequests(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    querySeconds.observe(reply.elapsedTime / 1_000, { route, status: String(reply.statusCode) })
  })
}
