/**
 * Fastify's routes, from its `fastify.request.handler` channel: the request's server span gets the route's template as its name
 * and the error that a handler threw. A span of its own for the handler would say nothing more, at the price of a span.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { SpanStatusCode } from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import { setRoute, spanOfResponse } from './http-server.ts'
import { subscribeAll } from './subscribe.ts'

interface HandlerMessage {
  readonly request: { readonly raw: IncomingMessage }
  readonly reply: { readonly raw: ServerResponse; readonly statusCode: number }
  readonly route: { readonly url?: string }
  readonly error?: unknown
}

const errorType = attributeKey('error.type')

export function instrumentFastify(): () => void {
  return subscribeAll({
    'tracing:fastify.request.handler:start': ({ request, reply, route }: HandlerMessage) => {
      const span = spanOfResponse(reply.raw)
      if (span !== undefined && route.url !== undefined)
        setRoute(span, request.raw.method ?? 'GET', route.url)
    },
    'tracing:fastify.request.handler:error': ({ reply, error }: HandlerMessage) => {
      const span = spanOfResponse(reply.raw)
      // What the client did wrong is not an error of this server (HTTP conventions: Status).
      if (span === undefined || reply.statusCode < 500 || !(error instanceof Error)) return
      span.recordException(error)
      span.setKey(errorType, error.name)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
    },
  })
}
