/**
 * Express's routes: the `express.router.request` channel of Express 5 gives the request's server span the template of its route, and the error
 * of a handler. Spans of middleware are the official package's; both work together.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setError, setRoute } from './http-server.ts'
import { subscribeAll } from './subscribe.ts'

interface LayerMessage {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The template with those of the routers around it; undefined for middleware outside of a route. */
  readonly route?: unknown
  readonly error?: unknown
}

export function instrumentExpress(): () => void {
  return subscribeAll({
    // `start` would say so earlier, but has every layer pay for a store scope.
    'tracing:express.router.request:end': ({ req, res, route }: LayerMessage) => {
      if (typeof route === 'string') setRoute(res, req.method ?? 'GET', route)
    },
    'tracing:express.router.request:error': ({ req, res, route, error }: LayerMessage) => {
      if (typeof route === 'string') setRoute(res, req.method ?? 'GET', route)
      setError(res, error)
    },
  })
}
