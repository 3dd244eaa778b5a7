/**
 * Express's routes: the `express.router.request` channel of Express 5 gives the request's server span the template of its route, and the error
 * of a handler. Spans of middleware are the official package's; both work together.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ExpressRoute } from './express-route.ts'
import { setError, setRoute } from './http-server.ts'
import { subscribeAll } from './subscribe.ts'

interface LayerMessage {
  readonly req: IncomingMessage & { readonly baseUrl?: string }
  readonly res: RoutedResponse
  /** A handler's has a method, though perhaps undefined; a router's and middleware's has not. */
  readonly layer: object
  /** The template that led here, within the router around. */
  readonly route?: unknown
  /** Of a function for a parameter. */
  readonly param?: unknown
  readonly error?: unknown
}

const routeOf = Symbol('rustok.route')

interface RoutedResponse extends ServerResponse {
  [routeOf]?: ExpressRoute
}

export function instrumentExpress(): () => void {
  return subscribeAll({
    // `start` would say so earlier, but has every layer pay for a store scope.
    'tracing:express.router.request:end': noteRoute,
    'tracing:express.router.request:error': (message: LayerMessage) => {
      noteRoute(message)
      setError(message.res, message.error)
    },
  })
}

function noteRoute({ req, res, layer, route, param }: LayerMessage): void {
  const path = typeof route === 'string' ? route : route instanceof RegExp ? String(route) : undefined
  if (path === undefined || param !== undefined) return
  res[routeOf] ??= new ExpressRoute()
  const known = res[routeOf]
  if ('method' in layer) known.handled(path, req.baseUrl ?? '')
  else known.mounted(path)
  const template = known.template()
  if (template !== undefined) setRoute(res, req.method ?? 'GET', template)
}
