/**
 * Ties a request to its span, which telemetry has started from Node's own channel: keeps the context where hooks can get back to it,
 * and tells the client the trace's id.
 */
import { context, isSpanContextValid, trace } from '@opentelemetry/api'
import type { AppPlugin } from './plugin.ts'

const TRACE_ID_HEADER = 'x-trace-id'

export const tracing: AppPlugin = (app) => {
  app.decorateRequest('traceContext')
  app.addHook('onRequest', (request, reply, done) => {
    request.traceContext = context.active()
    const span = trace.getSpan(request.traceContext)
    const identity = span?.spanContext()
    if (identity !== undefined && isSpanContextValid(identity)) {
      reply.header(TRACE_ID_HEADER, identity.traceId)
    }
    done()
  })
}
