/** Lens's own query API, /api/lens, as contract.ts describes it: what the web UI asks. */

import type { FastifyInstance } from 'fastify'
import type { Gatekeeper } from '../access/gatekeeper.ts'
import type { SpanIntake } from '../ingest/span-intake.ts'
import { readSpans } from '../query/read-spans.ts'
import { clientGone } from './client-gone.ts'
import type { EndpointsResponse, Problem, TraceResponse } from './contract.ts'
import { attributesRoutes } from './lens/attributes-routes.ts'
import { compareRoutes } from './lens/compare-routes.ts'
import { countsRoutes } from './lens/counts-routes.ts'
import { endpointsRoutes } from './lens/endpoints-routes.ts'
import { logsRoutes } from './lens/logs-routes.ts'
import { mapRoutes } from './lens/map-routes.ts'
import { otlpRoutes } from './lens/otlp-routes.ts'
import { searchRoutes } from './lens/search-routes.ts'
import { servicesRoutes } from './lens/services-routes.ts'
import { sessionRoutes } from './lens/session-routes.ts'
import { tailRoutes } from './lens/tail-routes.ts'
import { tenantsRoutes } from './lens/tenants-routes.ts'
import { traceAnatomyRoutes } from './lens/trace-anatomy-routes.ts'
import { waterfallRoutes } from './lens/waterfall-routes.ts'
import { badParameter, notFound, ProblemError } from './problem.ts'
import { queryFailure } from './query-failure.ts'
import { parseTraceId } from './trace-id.ts'
import { traceView } from './trace-view.ts'

export async function lensRoutes(
  app: FastifyInstance,
  {
    gatekeeper,
    intake,
    endpoints,
  }: {
    readonly gatekeeper: Gatekeeper
    readonly intake: SpanIntake
    readonly endpoints: () => EndpointsResponse
  },
): Promise<void> {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error)
    const { retryAfterSeconds } = queryFailure(error)
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
    if (problem.status >= 500) request.log.error({ err: error }, 'a query failed')
    reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
  })

  await app.register(sessionRoutes, { gatekeeper })
  await app.register(endpointsRoutes, { endpoints })
  await app.register(compareRoutes)
  await app.register(searchRoutes)
  await app.register(countsRoutes)
  await app.register(traceAnatomyRoutes)
  await app.register(waterfallRoutes)
  await app.register(attributesRoutes)
  await app.register(tenantsRoutes)
  await app.register(servicesRoutes)
  await app.register(mapRoutes)
  await app.register(tailRoutes, { gatekeeper })
  await app.register(logsRoutes)
  await app.register(otlpRoutes, { intake })

  app.get<{ Params: { traceId: string } }>(
    '/traces/:traceId',
    async (request, reply): Promise<TraceResponse> => {
      const traceId = parseTraceId(request.params.traceId)
      if (traceId === undefined) throw badParameter('traceId', 'expected 32 or 16 hex digits')
      const spans = await readSpans(request.store, [traceId], { signal: clientGone(reply) })
      if (spans.length === 0) throw notFound(`trace ${traceId} is not stored`)
      return traceView(traceId, spans)
    },
  )
}

function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  const { status, title, detail } = queryFailure(error)
  return { type: 'about:blank', title, status, detail }
}
