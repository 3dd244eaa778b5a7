/** GET /api/lens/tenants and /api/lens/users, as contract/tenants.ts describes them. */

import type { FastifyInstance } from 'fastify'
import {
  type PeriodRow,
  type RequestQuestion,
  type RequestRow,
  type RequestStatistics,
  requestStatistics,
} from '../../query/request-statistics.ts'
import { clientGone } from '../client-gone.ts'
import type {
  PeriodStatistics,
  RequestPeriod,
  RequestStatisticsView,
  TenantsResponse,
  UsersResponse,
} from '../contract/tenants.ts'
import { requestQuestion } from './tenants-parameters.ts'

export async function tenantsRoutes(app: FastifyInstance): Promise<void> {
  app.get('/tenants', async (request, reply): Promise<TenantsResponse> => {
    const question = requestQuestion(request.query, 'tenant', Date.now())
    const found = await requestStatistics(request.store, question, { signal: clientGone(reply) })
    const view = statisticsView(question)
    const tenants = found.rows.map((row) => ({ tenant: row.tenant, users: row.users, ...view(row) }))
    return { tenants, total: found.total, ...period(question, found) }
  })

  app.get('/users', async (request, reply): Promise<UsersResponse> => {
    const question = requestQuestion(request.query, 'user', Date.now())
    const found = await requestStatistics(request.store, question, { signal: clientGone(reply) })
    const view = statisticsView(question)
    const users = found.rows.map((row) => ({ tenant: row.tenant, user: row.user, ...view(row) }))
    return { users, total: found.total, ...period(question, found) }
  })
}

function period(
  { from, to, bucket }: RequestQuestion,
  { requests, failed }: RequestStatistics,
): RequestPeriod {
  return {
    startMs: milliseconds(from),
    endMs: milliseconds(to),
    bucketMs: milliseconds(bucket),
    requests,
    failed,
  }
}

function milliseconds(nanos: bigint): number {
  return Number(nanos / 1_000_000n)
}

function statisticsView({ from, to, bucket }: RequestQuestion): (row: RequestRow) => RequestStatisticsView {
  const minutes = Number(to - from + 1n) / 60e9
  const buckets = Number(to / bucket - from / bucket) + 1
  return ({ now, before, spans, failedSpans, first, last, series }) => {
    const current = periodView(now, minutes)
    const previous = periodView(before, minutes)
    return {
      ...current,
      spans,
      failedSpans,
      firstUnixNano: first?.toString() ?? null,
      lastUnixNano: last?.toString() ?? null,
      series: Array.from({ length: buckets }, (_, index) => series.get(index) ?? 0),
      previous,
      change: {
        requests: relativeChange(current.requests, previous.requests),
        failedShare:
          current.failedShare === null || previous.failedShare === null
            ? null
            : current.failedShare - previous.failedShare,
        p95: relativeChange(current.p95DurationNano, previous.p95DurationNano),
      },
    }
  }
}

function periodView(
  { requests, failed, withErrors, durations }: PeriodRow,
  minutes: number,
): PeriodStatistics {
  const [p50, p95, p99] = durations
  const isThere = requests > 0
  return {
    requests,
    requestsPerMinute: requests / minutes,
    failed,
    failedShare: isThere ? failed / requests : null,
    withErrors,
    p50DurationNano: isThere ? p50 : null,
    p95DurationNano: isThere ? p95 : null,
    p99DurationNano: isThere ? p99 : null,
  }
}

function relativeChange(now: number | null, before: number | null): number | null {
  return now === null || before === null || before === 0 ? null : now / before - 1
}
