/**
 * `/graphql`: the API for authenticated requests, and outside production the GraphiQL page for browsers, which needs no token
 * (its queries do).
 */
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { createYoga } from '../graphql/create-yoga.ts'
import { graphiqlPage } from '../graphql/graphiql.ts'
import { authenticate } from './auth.ts'
import type { AppPlugin } from './plugin.ts'
import { enterTenant } from './tenancy.ts'

export const graphql: AppPlugin = (app, services) => {
  const { content, editing, identity, users, products, carts, orders } = services
  const yoga = createYoga(services)
  const signedIn = [authenticate(services.tokens, services.hosts), enterTenant(identity)]

  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const { principal } = request
    if (principal === undefined) throw new Error('/graphql was reached without a principal')
    const context = { principal, content, editing, identity, users, products, carts, orders }
    return yoga.handleNodeRequestAndResponse(request, reply, context)
  }

  app.post(yoga.graphqlEndpoint, { onRequest: signedIn }, handler)
  app.get(
    yoga.graphqlEndpoint,
    { onRequest: services.production ? signedIn : [serveGraphiql(services.demoToken), ...signedIn] },
    handler,
  )
}

function serveGraphiql(demoToken: (() => Promise<string>) | undefined): onRequestAsyncHookHandler {
  return async (request, reply) => {
    if (request.headers.accept?.includes('text/html') !== true) return
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff')
      .header('x-frame-options', 'DENY')
      .header('referrer-policy', 'no-referrer')
      .send(await graphiqlPage(await demoToken?.()))
  }
}
