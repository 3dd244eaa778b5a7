/**
 * Who the request says it is: verifies the bearer token and decorates the request with whom it speaks for. A route hook (`onRequest`, so
 * before the body is read); whatever is wrong, the client gets the same answer.
 */
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { TenantHosts } from '../identity/tenant-hosts.ts'
import type { TokenVerifier } from '../identity/tokens.ts'
import type { AppPlugin } from './plugin.ts'
import { sendProblem } from './problems.ts'

/** RFC 6750 section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i

export const auth: AppPlugin = (app) => {
  app.decorateRequest('holder')
}

/** The tenant is the token's. A request that names another one, by header or by the host it came to, is a mistake or an attack. */
export function authenticate(tokens: TokenVerifier, hosts: TenantHosts): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
    const holder = token === undefined ? undefined : await tokens.verify(token)
    if (holder === undefined) return unauthorized(reply)
    const named = await namedTenant(request, hosts)
    if (named !== undefined && named !== holder.tenantId) {
      return sendProblem(reply, { status: 403, detail: 'The token belongs to another tenant' })
    }
    request.holder = holder
  }
}

/** What a request says of its tenant besides its token: `X-Tenant-ID`, else its host name. Never what a proxy's headers say. */
export async function namedTenant(request: FastifyRequest, hosts: TenantHosts): Promise<string | undefined> {
  const header = request.headers['x-tenant-id']
  return typeof header === 'string' ? header : hosts.tenantOf(request.headers.host)
}

export function unauthorized(reply: FastifyReply): FastifyReply {
  return sendProblem(reply.header('www-authenticate', 'Bearer'), { status: 401 })
}
