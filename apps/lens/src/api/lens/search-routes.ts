/** The search: a page of traces, with how many there are. */

import type { FastifyInstance } from 'fastify'
import { countTraces } from '../../query/count-traces.ts'
import { findPage } from '../../query/find-traces.ts'
import { withKnownTokens } from '../../query/known-tokens.ts'
import { TraceSummaries } from '../../query/summarize-traces.ts'
import { type TraceOrder, traceOrders } from '../../query/trace-page.ts'
import { clientGone } from '../client-gone.ts'
import type { SearchResponse } from '../contract.ts'
import { badParameter } from '../problem.ts'
import { searchParameters } from '../search-parameters.ts'
import { takeParameters } from './own-parameters.ts'
import { decodeCursor, encodeCursor } from './search-cursor.ts'

export async function searchRoutes(app: FastifyInstance): Promise<void> {
  app.get('/search', async (request, reply): Promise<SearchResponse> => {
    const began = performance.now()
    const { own, rest } = takeParameters(request.query, ['order', 'cursor'])
    const { filter: asked, limit } = searchParameters(rest, Date.now())
    const cursor = own.cursor === undefined ? undefined : decodeCursor(own.cursor, asked)
    const order = orderOf(own.order) ?? cursor?.order ?? 'newest'
    if (cursor !== undefined && order !== cursor.order)
      throw badParameter('cursor', 'of a search in another order')
    const filter = cursor === undefined ? asked : { ...asked, from: cursor.from, to: cursor.to }
    const options = { signal: clientGone(reply) }
    const summaries = new TraceSummaries(request.store, options)
    const asking = { limit, order, after: cursor?.after, expect: summaries.expect }
    const known = await withKnownTokens(request.store, filter, options)
    const page = await findPage(request.store, known, asking, options)
    const { total, totalIsExact } = cursor ?? page
    // Counting them takes longer than a search: done for whoever found nothing, and asks whether there is anything.
    const stored = total === 0 ? await countTraces(request.store, filter, options) : undefined
    const shown = await summaries.of(page.traceIds, page.places)
    const byId = new Map(shown.map((summary) => [summary.traceId, summary]))
    const { from, to } = filter
    return {
      traces: page.traceIds.flatMap((id) => byId.get(id) ?? []),
      order,
      total,
      totalIsExact,
      stored: stored?.count ?? total,
      storedIsExact: stored?.isExact ?? false,
      ...(page.last === undefined
        ? {}
        : { nextCursor: encodeCursor({ from, to, order, after: page.last, total, totalIsExact }, filter) }),
      tookMs: Math.round((performance.now() - began) * 10) / 10,
    }
  })
}

function orderOf(text: string | undefined): TraceOrder | undefined {
  const order = traceOrders.find((one) => one === text)
  if (text !== undefined && order === undefined) {
    throw badParameter('order', `${JSON.stringify(text)} is none of ${traceOrders.join(', ')}`)
  }
  return order
}
