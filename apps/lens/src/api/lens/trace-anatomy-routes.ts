/** One trace in short. */

import type { FastifyInstance } from 'fastify'
import { type ReadAnatomy, readAnatomy } from '../../query/read-anatomy.ts'
import { summarizeTraces } from '../../query/summarize-traces.ts'
import { clientGone } from '../client-gone.ts'
import type { TraceAnatomyResponse, TraceSummary } from '../contract.ts'
import { badParameter, notFound } from '../problem.ts'
import { parseTraceId } from '../trace-id.ts'

const mostStretches = 200

export async function traceAnatomyRoutes(app: FastifyInstance): Promise<void> {
  app.get<{ Params: { traceId: string } }>(
    '/traces/:traceId/summary',
    async (request, reply): Promise<TraceAnatomyResponse> => {
      const traceId = parseTraceId(request.params.traceId)
      if (traceId === undefined) throw badParameter('traceId', 'expected 32 or 16 hex digits')
      const options = { signal: clientGone(reply) }
      const [[summary], anatomy] = await Promise.all([
        summarizeTraces(request.store, [traceId], options),
        readAnatomy(request.store, traceId, options),
      ])
      if (summary === undefined || anatomy === undefined) throw notFound(`trace ${traceId} is not stored`)
      return anatomyView(summary, anatomy)
    },
  )
}

function anatomyView(summary: TraceSummary, anatomy: ReadAnatomy): TraceAnatomyResponse {
  const at = (nanos: number) => (anatomy.start + BigInt(nanos)).toString()
  const { criticalPath, firstFailure, oddities, selfTimes, spansRead } = anatomy
  const longest = criticalPath.toSorted((a, b) => b.duration - a.duration).slice(0, mostStretches)
  return {
    ...summary,
    selfTimes,
    criticalPath: longest
      .sort((a, b) => a.start - b.start)
      .map(({ span: { spanId, service, name }, start, duration }) => ({
        spanId,
        service,
        name,
        startUnixNano: at(start),
        durationNano: duration,
      })),
    criticalPathTruncated: criticalPath.length > mostStretches,
    ...(firstFailure === undefined
      ? {}
      : {
          firstFailure: {
            spanId: firstFailure.spanId,
            service: firstFailure.service,
            name: firstFailure.name,
            message: firstFailure.message,
            startUnixNano: at(firstFailure.start),
          },
        }),
    oddities,
    spansRead,
  }
}
