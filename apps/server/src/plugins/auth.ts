/**
 * Who the request says it is: verifies the bearer token and decorates the request with its actor. A route hook (`onRequest`, so
 * before the body is read); whatever is wrong, the client gets the same answer.
 */
import type { FastifyReply, onRequestAsyncHookHandler } from 'fastify'
import type { KeyRing } from '../identity/key-ring.ts'
import { verifyToken } from '../identity/tokens.ts'
import type { AppPlugin } from './plugin.ts'
import { sendProblem } from './problems.ts'

/** RFC 6750 section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i

export const auth: AppPlugin = (app) => {
  app.decorateRequest('actor')
}

export function authenticate(keys: KeyRing): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
    const actor = token === undefined ? undefined : await verifyToken(keys, token)
    if (actor === undefined) return unauthorized(reply)
    request.actor = actor
  }
}

export function unauthorized(reply: FastifyReply): FastifyReply {
  return sendProblem(reply.header('www-authenticate', 'Bearer'), { status: 401 })
}
