/**
 * h3 2's routes and srvx's errors, for applications that use `tracingPlugin()` of h3 or srvx, which publishes the channels: the request's server
 * span gets the template of its route, and what a handler threw.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setError, setRoute } from './http-server.ts'
import { subscribeAll } from './subscribe.ts'

/** A web request of srvx, which knows Node's. */
interface WebRequest {
  readonly runtime?: {
    readonly node?: { readonly req: IncomingMessage; readonly res?: ServerResponse | undefined } | undefined
  }
}

interface HandlerMessage {
  readonly event: {
    readonly req: WebRequest
    readonly context?: { readonly matchedRoute?: { readonly route?: string | undefined } | undefined }
  }
  readonly type: 'middleware' | 'route'
  readonly error?: unknown
}

export function instrumentH3(): () => void {
  return subscribeAll({
    'tracing:h3.request:end': ({ event, type }: HandlerMessage) => {
      const { req, res } = event.req.runtime?.node ?? {}
      const route = event.context?.matchedRoute?.route
      if (type === 'route' && res !== undefined && route !== undefined)
        setRoute(res, req?.method ?? 'GET', route)
    },
    'tracing:h3.request:error': ({ event, error }: HandlerMessage) => noteError(event.req, error),
  })
}

export function instrumentSrvx(): () => void {
  return subscribeAll({
    'tracing:srvx.request:error': ({ request, error }: { request: WebRequest; error: unknown }) =>
      noteError(request, error),
  })
}

function noteError(request: WebRequest, error: unknown): void {
  const response = request.runtime?.node?.res
  if (response !== undefined) setError(response, error)
}
