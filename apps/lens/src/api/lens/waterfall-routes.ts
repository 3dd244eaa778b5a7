/** A trace as it is drawn, its spans one by one, and those of them that hold some words: what the trace page asks, as contract/waterfall.ts describes it. */

import type { FastifyInstance } from 'fastify'
import { matchSpans } from '../../query/match-spans.ts'
import { readSpan } from '../../query/read-spans.ts'
import { readWaterfall } from '../../query/read-waterfall.ts'
import { clientGone } from '../client-gone.ts'
import type { SpanMatchesResponse, TraceResponse, WaterfallResponse } from '../contract.ts'
import { badParameter, notFound } from '../problem.ts'
import { parseTraceId } from '../trace-id.ts'
import { traceView } from '../trace-view.ts'
import { waterfallView } from '../waterfall-view.ts'

const longestText = 1000
const mostWords = 10

interface OfTrace {
  readonly Params: { readonly traceId: string }
}

export async function waterfallRoutes(app: FastifyInstance): Promise<void> {
  app.get<OfTrace>('/traces/:traceId/waterfall', async (request, reply): Promise<Buffer> => {
    const traceId = traceIdOf(request.params)
    const row = await readWaterfall(request.store, traceId, { signal: clientGone(reply) })
    if (row === undefined) throw notFound(`trace ${traceId} is not stored`)
    const view: WaterfallResponse = waterfallView(traceId, row)
    reply.type('application/json; charset=utf-8')
    // As bytes: a socket takes longer to write a long text than the text takes to become them.
    return Buffer.from(JSON.stringify(view))
  })

  app.get<{ Params: { readonly traceId: string; readonly spanId: string } }>(
    '/traces/:traceId/spans/:spanId',
    async (request, reply): Promise<TraceResponse> => {
      const traceId = traceIdOf(request.params)
      const spanId = request.params.spanId.toLowerCase()
      if (!/^[0-9a-f]{16}$/.test(spanId)) throw badParameter('spanId', 'expected 16 hex digits')
      const span = await readSpan(request.store, traceId, spanId, { signal: clientGone(reply) })
      if (span === undefined) throw notFound(`span ${spanId} of trace ${traceId} is not stored`)
      return traceView(traceId, [span])
    },
  )

  app.get<OfTrace & { Querystring: { readonly text?: string | readonly string[] } }>(
    '/traces/:traceId/matches',
    async (request, reply): Promise<SpanMatchesResponse> => {
      const traceId = traceIdOf(request.params)
      const { text } = request.query
      if (typeof text !== 'string') throw badParameter('text', 'expected words, once')
      const words = text.split(/\s+/).filter(Boolean)
      if (words.length === 0 || words.length > mostWords || text.length > longestText) {
        throw badParameter('text', `expected 1 to ${mostWords} words`)
      }
      return matchSpans(request.store, traceId, words, { signal: clientGone(reply) })
    },
  )
}

function traceIdOf({ traceId }: { readonly traceId: string }): string {
  const id = parseTraceId(traceId)
  if (id === undefined) throw badParameter('traceId', 'expected 32 or 16 hex digits')
  return id
}
