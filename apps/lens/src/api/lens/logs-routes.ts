/** GET /api/lens/logs and /api/lens/traces/{traceId}/logs, as contract/logs.ts describes them. */

import type { FastifyInstance } from 'fastify'
import { countLogs, readLogs } from '../../query/logs/read-logs.ts'
import { clientGone } from '../client-gone.ts'
import type { LogsResponse, TraceLogsResponse } from '../contract/logs.ts'
import { badParameter } from '../problem.ts'
import { parseTraceId } from '../trace-id.ts'
import { logViews } from './log-view.ts'
import { cursorText, limitOf, logsOfTrace, logsQuestion } from './logs-parameters.ts'
import { takeParameters } from './own-parameters.ts'

const defaultOfTrace = 1000
const mostOfTrace = 10_000

export async function logsRoutes(app: FastifyInstance): Promise<void> {
  app.get('/logs', async (request, reply): Promise<LogsResponse> => {
    const began = performance.now()
    const { filter, limit, after } = logsQuestion(request.query, Date.now())
    const options = { signal: clientGone(reply) }
    const [{ logs, hasMore }, { total, isExact }] = await Promise.all([
      readLogs(request.store, filter, 'newest', limit, after, options),
      countLogs(request.store, filter, options),
    ])
    const last = logs.at(-1)
    return {
      ...logViews(logs),
      total,
      totalIsExact: isExact,
      next: hasMore && last !== undefined ? cursorText({ ...last, id: BigInt(last.id) }) : null,
      tookMs: Math.round((performance.now() - began) * 10) / 10,
    }
  })

  app.get<{ Params: { traceId: string } }>(
    '/traces/:traceId/logs',
    async (request, reply): Promise<TraceLogsResponse> => {
      const traceId = parseTraceId(request.params.traceId)
      if (traceId === undefined) throw badParameter('traceId', 'expected 32 or 16 hex digits')
      const { own, rest } = takeParameters(request.query, ['limit'])
      for (const name of Object.keys(rest)) throw badParameter(name, 'unknown; there is limit')
      const limit = limitOf(own.limit, defaultOfTrace, mostOfTrace)
      const filter = logsOfTrace(traceId)
      const options = { signal: clientGone(reply) }
      const [{ logs }, { total, isExact }] = await Promise.all([
        readLogs(request.store, filter, 'oldest', limit, undefined, options),
        countLogs(request.store, filter, options),
      ])
      return { traceId, ...logViews(logs), total, totalIsExact: isExact }
    },
  )
}
