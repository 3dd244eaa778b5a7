/** Jaeger's v1 query API, for Grafana and other tools that know it: services, operations, traces, OTLP turned into its JSON, metrics. */

import type { FastifyInstance } from 'fastify'
import { findTraces } from '../../query/find-traces.ts'
import { listOperations, listServices } from '../../query/list-services.ts'
import { readSpans } from '../../query/read-spans.ts'
import type { QueryOptions, StoreEngine } from '../../store/engine.ts'
import type { StoredSpan } from '../../store/stored-span.ts'
import { clientGone } from '../client-gone.ts'
import { jaegerDependencyRoutes } from './dependency-routes.ts'
import { type Envelope, envelope, errorEnvelope, explain, JaegerError } from './envelope.ts'
import { type JaegerTrace, jaegerTrace, jaegerTraceId } from './json.ts'
import { jaegerMetricsRoutes } from './metrics-routes.ts'
import { largestLimit, one, type Query, unableToParse } from './parameters.ts'
import { jaegerSearch, parseRaw, parseTimes, traceId } from './search-parameters.ts'
import { kindName, parseKind } from './span-kinds.ts'
import { startedWithin } from './started-within.ts'
import { jaegerTransformRoutes } from './transform-routes.ts'
import { jaegerV3Routes } from './v3-routes.ts'

export async function jaegerRoutes(app: FastifyInstance): Promise<void> {
  app.setErrorHandler((error, request, reply) => {
    const { status, message, retryAfterSeconds } = explain(error)
    if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
    if (status >= 500) request.log.error({ err: error }, 'a Jaeger query failed')
    reply.code(status).send(errorEnvelope(status, message))
  })

  await app.register(jaegerV3Routes, { prefix: '/v3' })
  await app.register(jaegerDependencyRoutes)
  await app.register(jaegerMetricsRoutes)
  await app.register(jaegerTransformRoutes)

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
    const service = one(request.query, 'service')
    if (service === undefined) throw new JaegerError(400, "parameter 'service' is required")
    const kindText = one(request.query, 'spanKind')
    const kind = kindText === undefined ? undefined : parseKind('spanKind', kindText, unableToParse)
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
    const found = envelope(traces, traces.length)
    // Jaeger always says 0. Where the limit is ours and may have left traces out, who asked for more can tell.
    return traces.length < largestLimit ? found : { ...found, limit: largestLimit }
  })

  app.get<{ Params: { traceId: string }; Querystring: Query }>('/traces/:traceId', async (request, reply) => {
    const id = traceId(request.params.traceId)
    const raw = parseRaw(request.query)
    const { from, to } = parseTimes(request.query)
    const spans = await readSpans(request.store, [id], { signal: clientGone(reply) })
    if (!startedWithin(spans, from, to)) throw new JaegerError(404, 'trace not found')
    return envelope([jaegerTrace(id, spans, raw)], 1)
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
