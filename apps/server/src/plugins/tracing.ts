/**
 * Ties a request to its span, which telemetry has started from Node's own channel: keeps the context where hooks can get back to it,
 * and tells the client the trace's id.
 */
import { context, isSpanContextValid, trace } from '@opentelemetry/api'
import type { AppPlugin } from './plugin.ts'

export const TRACE_ID_HEADER = 'x-trace-id'

export const tracing: AppPlugin = (app) => {
  app.decorateRequest('traceContext')
  app.addHook('onRequest', (request, reply, done) => {
    request.traceContext = context.active()
    const span = trace.getSpanContext(request.traceContext)
    if (span !== undefined && isSpanContextValid(span)) reply.header(TRACE_ID_HEADER, span.traceId)
    done()
  })
  // Reading the body crosses the socket's events, which may run in another context than the request's.
  app.addHook('preHandler', (request, _reply, done) => context.with(request.traceContext, done))
}
