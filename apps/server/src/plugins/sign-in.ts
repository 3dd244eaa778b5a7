/**
 * `/auth/*` of sessions: tokens for a password, and for a refresh token; and the public keys that verify our tokens. Answers are never cached, what a
 * client got wrong names the field, and why a sign-in failed stays here.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SessionResult } from '../identity/session-service.ts'
import { namedTenant } from './auth.ts'
import {
  CREDENTIALS_ROUTE,
  EMAIL,
  passwordField,
  refuseAttempt,
  tokenField,
  withFields,
} from './credential-answers.ts'
import type { AppPlugin } from './plugin.ts'
import { sendProblem } from './problems.ts'

const PASSWORD = passwordField('password')
const REFRESH_TOKEN = tokenField('refreshToken')

/** A rotation is announced a minute ahead. */
const KEYS_FRESH_S = 30

export const signIn: AppPlugin = (app, { sessions, hosts, keys }) => {
  app.post('/auth/sign-in', CREDENTIALS_ROUTE, (request, reply) =>
    withFields(reply, request.body, [EMAIL, PASSWORD], async ({ email, password }) => {
      const tenantId = await namedTenant(request, hosts)
      const result = await sessions.signIn({ tenantId, email, password, address: request.ip })
      return answer(request, reply, result, 'The e-mail address or the password is wrong')
    }),
  )

  app.post('/auth/refresh', CREDENTIALS_ROUTE, (request, reply) =>
    withFields(reply, request.body, [REFRESH_TOKEN], async ({ refreshToken }) => {
      const result = await sessions.refresh(refreshToken)
      return answer(request, reply, result, 'The refresh token is not valid any more: sign in again')
    }),
  )

  app.post('/auth/sign-out', CREDENTIALS_ROUTE, (request, reply) =>
    withFields(reply, request.body, [REFRESH_TOKEN], async ({ refreshToken }) => {
      await sessions.signOut(refreshToken)
      return reply.code(204).header('cache-control', 'no-store').send()
    }),
  )

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
  return refuseAttempt(reply, refusal.retryAfterMs)
}
