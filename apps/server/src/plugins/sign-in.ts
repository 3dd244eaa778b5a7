/**
 * Sign-in, refresh and sign-out as REST, and the public keys with which others verify our tokens. Answers are never cached, what a
 * client got wrong names the field, and why a sign-in failed stays here.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PasswordQueueFull } from '../identity/passwords.ts'
import type { SessionResult } from '../identity/session-service.ts'
import { namedTenant } from './auth.ts'
import { checkBody } from './body-fields.ts'
import type { AppPlugin } from './plugin.ts'
import { sendProblem } from './problems.ts'

/** The longest address that SMTP delivers to has 254 characters (RFC 5321 section 4.5.3.1.3). */
const EMAIL = { field: 'email', max: 254 } as const
/** Longer than a password may be, so that the wrong one is refused as that. */
const PASSWORD = { field: 'password', max: 1_000 } as const
const REFRESH_TOKEN = { field: 'refreshToken', max: 1_000 } as const

/** A JSON object of three short strings. */
const BODY_LIMIT = 8 * 1_024

const PATIENCE_S = 5
/** A rotation is announced a minute ahead. */
const KEYS_FRESH_S = 30

export const signIn: AppPlugin = (app, { sessions, hosts, keys }) => {
  const limited = { bodyLimit: BODY_LIMIT }

  app.post('/auth/sign-in', limited, async (request, reply) => {
    const body = checkBody(request.body, [EMAIL, PASSWORD])
    if ('errors' in body) return invalid(reply, body.errors)
    const { email, password } = body.values
    const tenantId = await namedTenant(request, hosts)
    try {
      const attempt = { tenantId, email, password, address: request.ip }
      return answer(
        request,
        reply,
        await sessions.signIn(attempt),
        'The e-mail address or the password is wrong',
      )
    } catch (error) {
      if (!(error instanceof PasswordQueueFull)) throw error
      return sendProblem(reply.header('retry-after', PATIENCE_S), {
        status: 503,
        detail: 'Too many sign-ins at once',
      })
    }
  })

  app.post('/auth/refresh', limited, async (request, reply) => {
    const body = checkBody(request.body, [REFRESH_TOKEN])
    if ('errors' in body) return invalid(reply, body.errors)
    const result = await sessions.refresh(body.values.refreshToken)
    return answer(request, reply, result, 'The refresh token is not valid any more: sign in again')
  })

  app.post('/auth/sign-out', limited, async (request, reply) => {
    const body = checkBody(request.body, [REFRESH_TOKEN])
    if ('errors' in body) return invalid(reply, body.errors)
    await sessions.signOut(body.values.refreshToken)
    return reply.code(204).header('cache-control', 'no-store').send()
  })

  app.get('/.well-known/jwks.json', (_request, reply) =>
    reply
      .type('application/jwk-set+json')
      .header('cache-control', `public, max-age=${KEYS_FRESH_S}`)
      .send(JSON.stringify({ keys: keys.publicKeys() })),
  )
}

function answer(request: FastifyRequest, reply: FastifyReply, result: SessionResult, detail: string) {
  const { refusal } = result
  if (refusal === undefined) {
    const { accessToken, expiresInS, refreshToken } = result.value
    return reply
      .header('cache-control', 'no-store')
      .send({ accessToken, tokenType: 'Bearer', expiresIn: expiresInS, refreshToken })
  }
  request.log.info({ reason: refusal.kind }, 'sign-in refused')
  if (refusal.kind === 'unauthorized') return sendProblem(reply, { status: 401, detail })
  const seconds = Math.ceil(refusal.retryAfterMs / 1_000)
  return sendProblem(reply.header('retry-after', seconds), {
    status: 429,
    detail: `Too many attempts: try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}`,
  })
}

function invalid(reply: FastifyReply, errors: readonly { field: string; message: string }[]): FastifyReply {
  return sendProblem(reply, {
    status: 400,
    detail: errors.map(({ message }) => message).join('; '),
    // As RFC 9457's own example: where in the document, and what.
    errors: errors.map(({ field, message }) => ({
      pointer: field === '' ? '#' : `#/${field}`,
      field,
      detail: message,
    })),
  })
}
