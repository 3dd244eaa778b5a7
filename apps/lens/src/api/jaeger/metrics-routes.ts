/** Jaeger's service performance metrics, for the Monitor tab of its UI: computed from stored spans, without a Prometheus. */

import type { FastifyInstance } from 'fastify'
import { redMetrics } from '../../query/red-metrics.ts'
import { clientGone } from '../client-gone.ts'
import { type Envelope, envelope } from './envelope.ts'
import { type MetricFamily, type MetricKind, metricFamily } from './metric-family.ts'
import { metricSearch, parseQuantile } from './metric-parameters.ts'
import type { Query } from './parameters.ts'

const kinds: Readonly<Record<string, (query: Query) => MetricKind>> = {
  latencies: (query) => ({ latencies: parseQuantile(query) }),
  calls: () => 'calls',
  errors: () => 'errors',
}

/** Milliseconds: points may lie as close as parameters can say. */
const minimalStep = 1

export async function jaegerMetricsRoutes(app: FastifyInstance): Promise<void> {
  app.get('/metrics/minstep', async (): Promise<Envelope<number>> => envelope(minimalStep, 0))

  for (const [name, kindOf] of Object.entries(kinds)) {
    app.get<{ Querystring: Query }>(`/metrics/${name}`, async (request, reply): Promise<MetricFamily> => {
      const kind = kindOf(request.query)
      const { question, windows } = metricSearch(request.query, Date.now())
      const series = await redMetrics(request.store, question, { signal: clientGone(reply) })
      return metricFamily(kind, series, windows, question.byOperation)
    })
  }
}
