/** GET /api/lens/services and /api/lens/dependencies, as contract/services.ts describes them: pages of services, and their map. */

import type { FastifyInstance } from 'fastify'
import { dependencies } from '../../query/dependencies.ts'
import { type RedSeries, redMetrics } from '../../query/red-metrics.ts'
import { DurationHistogram } from '../../query/red-windows.ts'
import { clientGone } from '../client-gone.ts'
import type {
  CallBucket,
  CallStatistics,
  DependenciesResponse,
  DependencyEdge,
  ServiceStatistics,
  ServicesResponse,
} from '../contract/services.ts'
import { type Period, periodOf, servicesQuestion } from './services-parameters.ts'

export async function servicesRoutes(app: FastifyInstance): Promise<void> {
  app.get('/services', async (request, reply): Promise<ServicesResponse> => {
    const { question, period, limit } = servicesQuestion(request.query, Date.now())
    const series = await redMetrics(request.store, question, { signal: clientGone(reply) })
    const sorted = series
      .map((one) => ({ one, calls: sum(one, 'calls') }))
      .toSorted((a, b) => b.calls - a.calls)
    const histogram = new DurationHistogram()
    const services = sorted.slice(0, limit).map(({ one }) => serviceView(one, period, histogram))
    const { startMs, endMs, bucketMs } = period
    return { services, total: series.length, startMs, endMs, bucketMs }
  })

  app.get('/dependencies', async (request, reply): Promise<DependenciesResponse> => {
    const { from, to, tenant, period } = periodOf(request.query, Date.now())
    const options = { signal: clientGone(reply) }
    const complete = await app.calls.catchUp()
    const countedUntilMs = app.calls.countedUntil ?? null
    const cells = { origin: from, end: to + 1n, step: to + 1n - from, split: 0n }
    const [series, found] = await Promise.all([
      redMetrics(request.store, { tenant, calls: 'entries', byOperation: false, cells }, options),
      dependencies(request.store, { from, to, tenant }, options),
    ])
    const known = new Map(series.map((one) => [one.service, one]))
    const names = new Set([...known.keys(), ...found.flatMap(({ parent, child }) => [parent, child])])
    const { startMs, endMs, minutes } = period
    const histogram = new DurationHistogram()
    return {
      nodes: [...names]
        .toSorted()
        .map((service) => ({ service, ...statistics(known.get(service), minutes, histogram) })),
      edges: found.map(
        ({ parent, child, calls, failed }): DependencyEdge => ({
          parent,
          child,
          calls,
          callsPerMinute: calls / minutes,
          failed,
          failedShare: failed / calls,
        }),
      ),
      startMs,
      endMs,
      complete,
      countedUntilMs,
    }
  })
}

function serviceView(
  series: RedSeries,
  { minutes, buckets }: Period,
  histogram: DurationHistogram,
): ServiceStatistics {
  const { service, operation } = series
  // Cells of odd numbers alone: nothing is split.
  const cells = new Map(series.cells.map((cell) => [(cell.cell - 1) / 2, cell]))
  return {
    service,
    operation,
    ...statistics(series, minutes, histogram),
    series: Array.from({ length: buckets }, (_, bucket): CallBucket => {
      const cell = cells.get(bucket)
      const { calls = 0, failed = 0, durations = [] } = cell ?? {}
      return { calls, failed, ...durationsOf([durations], histogram) }
    }),
  }
}

function statistics(
  series: RedSeries | undefined,
  minutes: number,
  histogram: DurationHistogram,
): CallStatistics {
  const [calls, failed] = [sum(series, 'calls'), sum(series, 'failed')]
  return {
    calls,
    callsPerMinute: calls / minutes,
    failed,
    failedShare: calls === 0 ? null : failed / calls,
    ...durationsOf(series?.cells.map(({ durations }) => durations) ?? [], histogram),
  }
}

function sum(series: RedSeries | undefined, field: 'calls' | 'failed'): number {
  return series?.cells.reduce((total, cell) => total + cell[field], 0) ?? 0
}

function durationsOf(
  parts: readonly RedSeries['cells'][number]['durations'][],
  histogram: DurationHistogram,
) {
  for (const durations of parts) histogram.add(durations, 1)
  const quantile = (quantile: number) => {
    const nanos = histogram.quantile(quantile)
    return Number.isNaN(nanos) ? null : Math.round(nanos)
  }
  const found = {
    p50DurationNano: quantile(0.5),
    p95DurationNano: quantile(0.95),
    p99DurationNano: quantile(0.99),
  }
  // It is empty again for the next one: there is one of them for all buckets, as each is 32 kB.
  for (const durations of parts) histogram.add(durations, -1)
  return found
}
