/** A browser's session: a token exchanged for a cookie that no script can read, and who one is. contract/session.ts has the shapes. */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Access, AccessError } from '../../access/access.ts'
import type { Gatekeeper } from '../../access/gatekeeper.ts'
import { sessionSeconds } from '../../access/sessions.ts'
import type { SessionResponse } from '../contract/session.ts'
import { badParameter, ProblemError } from '../problem.ts'
import { challenge, whoSends } from '../request-access.ts'
import { sessionCookie, setSessionCookie } from '../session-cookie.ts'

export async function sessionRoutes(
  app: FastifyInstance,
  { gatekeeper }: { readonly gatekeeper: Gatekeeper },
): Promise<void> {
  const options = { config: { access: 'public' } } as const

  app.addHook('onSend', async (_, reply) => {
    reply.header('cache-control', 'no-store')
    if (reply.statusCode === 401) reply.header('www-authenticate', challenge)
  })

  app.get('/session', options, async (request): Promise<SessionResponse> => {
    const access = asProblem(() => whoSends(request, gatekeeper))
    if (access === undefined) throw unauthorized('nobody is logged in')
    return sessionOf(access, gatekeeper)
  })

  app.post('/session', options, async (request, reply): Promise<SessionResponse> => {
    const { token } = (request.body ?? {}) as { token?: unknown }
    if (typeof token !== 'string' || token === '') throw badParameter('token', 'expected a text')
    if (!gatekeeper.isLocked) throw badParameter('token', 'Lens has no tokens: everybody sees everything')
    const { id, access } = asProblem(() => gatekeeper.openSession(token.trim()))
    reply.header('set-cookie', setSessionCookie(id, sessionSeconds, isSecure(request)))
    return sessionOf(access, gatekeeper)
  })

  app.delete('/session', options, async (request, reply) => {
    const id = sessionCookie(request.headers.cookie)
    if (id !== undefined) gatekeeper.closeSession(id)
    reply.header('set-cookie', setSessionCookie('', 0, isSecure(request)))
    return reply.code(204).send()
  })
}

function sessionOf({ name, role, tenants }: Access, { isLocked }: Gatekeeper): SessionResponse {
  return { login: isLocked, name, role, tenants: tenants ?? null }
}

function asProblem<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof AccessError)) throw error
    if (error.status === 401) throw unauthorized(error.message)
    throw new ProblemError({ type: 'about:blank', title: 'Forbidden', status: 403, detail: error.message })
  }
}

function unauthorized(detail: string): ProblemError {
  return new ProblemError({ type: 'about:blank', title: 'Unauthorized', status: 401, detail })
}

/** Behind a proxy that ends TLS. Whoever lies about it only keeps his own cookie from being sent. */
function isSecure(request: FastifyRequest): boolean {
  return request.headers['x-forwarded-proto'] === 'https'
}
