/** Jaeger's v3 query API, which its own UI asks since 2026: services, operations, traces as OTLP JSON, summaries. */

import { encodeTraceRequestJson } from '@rustok/otlp'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { findTraces } from '../../query/find-traces.ts'
import { listOperations, listServices } from '../../query/list-services.ts'
import { outlineTraces, type TraceOutline } from '../../query/outline-traces.ts'
import { readSpans } from '../../query/read-spans.ts'
import type { StoredSpan } from '../../store/stored-span.ts'
import { traceRequestOf } from '../../store/trace-request.ts'
import { clientGone } from '../client-gone.ts'
import { explain } from './envelope.ts'
import { one, type Query } from './parameters.ts'
import { kindName } from './span-kinds.ts'
import { startedWithin } from './started-within.ts'
import { parseJaegerTraceId } from './trace-id.ts'
import { malformed, v3Search, v3SpanKind, v3TraceParameters } from './v3-parameters.ts'

export async function jaegerV3Routes(app: FastifyInstance): Promise<void> {
  app.setErrorHandler((error, request, reply) => {
    const { status, message, retryAfterSeconds } = explain(error)
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
    if (status >= 500) request.log.error({ err: error }, 'a Jaeger query failed')
    reply.code(status).send(errorBody(status, message))
  })

  app.get('/services', async (request, reply) => ({
    services: await listServices(request.store, { signal: clientGone(reply) }),
  }))

  app.get<{ Querystring: Query }>('/operations', async (request, reply) => {
    const kind = v3SpanKind(request.query)
    const service = one(request.query, 'service') ?? ''
    const operations = await listOperations(request.store, service, kind, { signal: clientGone(reply) })
    return {
      operations: operations.map(({ name, kind }) => ({ name, spanKind: kindName(kind) || 'internal' })),
    }
  })

  app.get<{ Params: { traceId: string }; Querystring: Query }>('/traces/:traceId', async (request, reply) => {
    const id = parseJaegerTraceId(request.params.traceId)
    if (id === undefined) {
      throw malformed('trace_id', `${JSON.stringify(request.params.traceId)} is not a trace id`)
    }
    const { from, to } = v3TraceParameters(request.query)
    const spans = await readSpans(request.store, [id], { signal: clientGone(reply) })
    return sendTraces(reply, startedWithin(spans, from, to) ? [spans] : [])
  })

  app.get<{ Querystring: Query }>('/traces', async (request, reply) => {
    const { filter, limit } = v3Search(request.query)
    const options = { signal: clientGone(reply) }
    const { traceIds } = await findTraces(request.store, filter, limit, options)
    const spans = await readSpans(request.store, traceIds, options)
    const byTrace = Map.groupBy<string, StoredSpan>(spans, ({ traceId }) => traceId)
    return sendTraces(
      reply,
      traceIds.flatMap((id) => {
        const trace = byTrace.get(id)
        return trace === undefined ? [] : [trace]
      }),
    )
  })

  app.get<{ Querystring: Query }>('/trace-summaries', async (request, reply) => {
    const { filter, limit } = v3Search(request.query)
    const options = { signal: clientGone(reply) }
    const { traceIds } = await findTraces(request.store, filter, limit, options)
    const outlines = await outlineTraces(request.store, traceIds, options)
    return { summaries: outlines.map(summary) }
  })
}

function errorBody(httpCode: number, message: string) {
  return { error: { httpCode, message } }
}

/** `rawTraces` asks for attributes in the order in which they were sent, which is how they are in any case. */
function sendTraces(reply: FastifyReply, traces: readonly (readonly StoredSpan[])[]): FastifyReply {
  if (traces.length === 0) return reply.code(404).send(errorBody(404, 'No traces found'))
  const resourceSpans = traces.flatMap((spans) => traceRequestOf(spans).resourceSpans)
  return reply
    .type('application/json; charset=utf-8')
    .send(`{"result":${encodeTraceRequestJson({ resourceSpans })}}`)
}

/** As protobuf's JSON has it: what is zero or empty is left out, but for the counts of a service that has a name to go by. */
function summary({ traceId, root, startUnixNano, endUnixNano, ...rest }: TraceOutline) {
  return {
    traceId,
    rootServiceName: root?.service || undefined,
    rootOperationName: root?.name || undefined,
    minStartTimeUnixNano: nanos(startUnixNano),
    maxEndTimeUnixNano: nanos(endUnixNano),
    spanCount: rest.spans || undefined,
    errorSpanCount: rest.errors || undefined,
    orphanSpanCount: rest.orphans || undefined,
    services: rest.services.map(({ name, spans, errors }) => ({
      name,
      spanCount: spans || undefined,
      errorSpanCount: errors || undefined,
    })),
  }
}

function nanos(time: bigint): string | undefined {
  return time === 0n ? undefined : time.toString()
}
