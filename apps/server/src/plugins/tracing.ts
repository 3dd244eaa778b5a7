/**
 * Ties a request to its span, which telemetry has started from Node's own channel: keeps the context where hooks can get back to it,
 * and tells the client the trace's id.
 */
import { context } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import { TRACE_ID_HEADER, traceIdOf } from '../trace-id.ts'

export const tracing = (app: FastifyInstance): void => {
  app.decorateRequest('traceContext')
  app.addHook('onRequest', (request, reply, done) => {
    request.traceContext = context.active()
    const traceId = traceIdOf(request.traceContext)
    if (traceId !== undefined) reply.header(TRACE_ID_HEADER, traceId)
    done()
  })
}
