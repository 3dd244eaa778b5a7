/**
 * Fastify's routes: its `fastify.initialization` channel hands over every new instance, whose first `onRequest` hook gives the
 * request's server span the template of its route, also when a later hook answers. The channel of the handler would say the same
 * at three times the price: docs/adr/0002-channels-and-where-not.md.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setError, setRoute } from './http-server.ts'
import { subscribeAll } from './subscribe.ts'

interface Request {
  readonly raw: IncomingMessage
  readonly routeOptions: { readonly url?: string | undefined }
}

interface Reply {
  readonly raw: ServerResponse
}

/** What is used of a Fastify instance. */
interface Instance {
  addHook(name: 'onRequest', hook: (request: Request, reply: Reply, done: () => void) => void): void
  addHook(
    name: 'onError',
    hook: (request: Request, reply: Reply, error: unknown, done: () => void) => void,
  ): void
}

export function instrumentFastify(): () => void {
  return subscribeAll({
    'fastify.initialization': ({ fastify }: { fastify: Instance }) => {
      fastify.addHook('onRequest', (request, reply, done) => {
        const route = request.routeOptions.url
        if (route !== undefined) setRoute(reply.raw, request.raw.method ?? 'GET', route)
        done()
      })
      fastify.addHook('onError', (_request, reply, error, done) => {
        setError(reply.raw, error)
        done()
      })
    },
  })
}
