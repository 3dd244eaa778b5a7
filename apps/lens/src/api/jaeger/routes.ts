/** Jaeger's v1 query API, for Grafana and other tools that know it: services, operations, traces and one trace. */

import type { FastifyInstance } from 'fastify'
import { findTraces } from '../../query/find-traces.ts'
import { listOperations, listServices } from '../../query/list-services.ts'
import { readSpans } from '../../query/read-spans.ts'
import type { QueryOptions, StoreEngine } from '../../store/engine.ts'
import type { StoredSpan } from '../../store/stored-span.ts'
import { clientGone } from '../client-gone.ts'
import { queryFailure } from '../query-failure.ts'
import { spanKinds } from '../trace-view.ts'
import { type Envelope, envelope, errorEnvelope, JaegerError } from './envelope.ts'
import { type JaegerTrace, jaegerTrace, jaegerTraceId } from './json.ts'
import { jaegerSearch, parseRaw, traceId } from './search-parameters.ts'

type Query = Readonly<Record<string, string | readonly string[] | undefined>>

export async function jaegerRoutes(app: FastifyInstance): Promise<void> {
  app.setErrorHandler((error, request, reply) => {
    const { status, message } = explain(error)
    const { retryAfterSeconds } = queryFailure(error)
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
    if (status >= 500) request.log.error({ err: error }, 'a Jaeger query failed')
    reply.code(status).send(errorEnvelope(status, message))
  })

  app.get('/services', async (request, reply) => {
    const services = await listServices(request.store, { signal: clientGone(reply) })
    return envelope(services, services.length)
  })

  app.get<{ Params: { service: string } }>('/services/:service/operations', async (request, reply) => {
    const { service } = request.params
    const operations = await listOperations(request.store, service, undefined, { signal: clientGone(reply) })
    const names = [...new Set(operations.map(({ name }) => name))]
    return envelope(names, names.length)
  })

  app.get<{ Querystring: Query }>('/operations', async (request, reply) => {
    const service = first(request.query.service)
    if (service === undefined) throw new JaegerError(400, "parameter 'service' is required")
    const kind = spanKind(first(request.query.spanKind))
    const operations = await listOperations(request.store, service, kind, { signal: clientGone(reply) })
    const named = operations.map(({ name, kind }) => ({ name, spanKind: kindName(kind) }))
    return envelope(named, named.length)
  })

  app.get<{ Querystring: Query }>('/traces', async (request, reply) => {
    const search = jaegerSearch(request.query, Date.now())
    const options = { signal: clientGone(reply) }
    if ('traceIds' in search) return tracesById(request.store, search.traceIds, search.raw, options)
    const { traceIds } = await findTraces(request.store, search.filter, search.limit, options)
    const traces = await readTraces(request.store, traceIds, search.raw, options)
    return envelope(traces, traces.length)
  })

  app.get<{ Params: { traceId: string }; Querystring: Query }>('/traces/:traceId', async (request, reply) => {
    const id = traceId(request.params.traceId)
    const raw = parseRaw(request.query)
    const traces = await readTraces(request.store, [id], raw, { signal: clientGone(reply) })
    if (traces.length === 0) throw new JaegerError(404, 'trace not found')
    return envelope(traces, traces.length)
  })
}

async function tracesById(
  engine: StoreEngine,
  traceIds: readonly string[],
  raw: boolean,
  options: QueryOptions,
): Promise<Envelope<JaegerTrace[]>> {
  const traces = await readTraces(engine, traceIds, raw, options)
  const found = new Set(traces.map(({ traceID }) => traceID))
  const missing = traceIds.map(jaegerTraceId).filter((id) => !found.has(id))
  const errors = missing.map((traceID) => ({ msg: 'trace not found', traceID }))
  return envelope(traces, traces.length, errors.length === 0 ? null : errors)
}

/** In the order of `traceIds`. */
async function readTraces(
  engine: StoreEngine,
  traceIds: readonly string[],
  raw: boolean,
  options: QueryOptions,
): Promise<JaegerTrace[]> {
  const spans = await readSpans(engine, traceIds, options)
  const byTrace = Map.groupBy<string, StoredSpan>(spans, (span) => span.traceId)
  return [...new Set(traceIds)].flatMap((id) => {
    const spansOfTrace = byTrace.get(id)
    return spansOfTrace === undefined ? [] : [jaegerTrace(id, spansOfTrace, raw)]
  })
}

function first(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'object' ? value[0] : value
  return text === '' ? undefined : text
}

/** An unspecified kind has no name. */
function kindName(kind: number): string {
  return kind === 0 ? '' : (spanKinds[kind] ?? '')
}

function spanKind(name: string | undefined): number | undefined {
  if (name === undefined) return undefined
  const kind = (spanKinds as readonly string[]).indexOf(name.toLowerCase())
  if (kind < 1) throw new JaegerError(400, `unable to parse param 'spanKind': ${JSON.stringify(name)}`)
  return kind
}

function explain(error: unknown): { status: number; message: string } {
  if (error instanceof JaegerError) return error
  const { status, detail } = queryFailure(error)
  return { status, message: detail }
}
