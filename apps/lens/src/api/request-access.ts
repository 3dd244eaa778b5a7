/**
 * Who sends a request, and whether he may. A route says whom it is for by its config, `{ access: 'public' }`; one that says nothing is for readers, so that
 * one that forgets is not open.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Access, AccessError, may, type Role } from '../access/access.ts'
import type { Gatekeeper } from '../access/gatekeeper.ts'
import { refusalBody } from './refusal.ts'
import { sessionCookie } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Readable where the route is not public. */
    access: Access
  }
  interface FastifyContextConfig {
    access?: Role | 'public'
  }
}

/** Of WWW-Authenticate. A browser does not ask for a password because of it: it knows no such scheme. */
export const challenge = 'Bearer realm="rustok-lens"'

const accessOf = new WeakMap<FastifyRequest, Access>()

export function addAccess(app: FastifyInstance, gatekeeper: Gatekeeper): void {
  app.decorateRequest('access', {
    getter() {
      const access = accessOf.get(this)
      // A mistake of ours must not show everything.
      if (access === undefined) throw new Error(`${this.url} is public, and asks who is there`)
      return access
    },
  })

  app.addHook('onRequest', async (request, reply) => {
    const need = request.routeOptions.config.access ?? 'read'
    if (need === 'public') return
    try {
      const access = whoSends(request, gatekeeper)
      if (access === undefined) throw new AccessError(401, 'a token is needed: authorization: Bearer …')
      if (!may(access, need)) throw new AccessError(403, `this needs a token with the role ${need}`)
      accessOf.set(request, access)
    } catch (error) {
      if (!(error instanceof AccessError)) throw error
      return refuse(request, reply, error)
    }
  })
}

/** A header is meant for this request; the cookie comes along with every one. Throws AccessError for a header that names nobody. */
export function whoSends(request: FastifyRequest, gatekeeper: Gatekeeper): Access | undefined {
  const { authorization } = request.headers
  if (authorization !== undefined) return gatekeeper.byAuthorization(authorization)
  const id = sessionCookie(request.headers.cookie)
  return id === undefined ? gatekeeper.byAuthorization(undefined) : gatekeeper.bySession(id)
}

function refuse(request: FastifyRequest, reply: FastifyReply, { status, message }: AccessError) {
  const { type, body } = refusalBody(request.url, status, message)
  if (status === 401) reply.header('www-authenticate', challenge)
  return reply.code(status).header('cache-control', 'no-store').type(type).send(JSON.stringify(body))
}
