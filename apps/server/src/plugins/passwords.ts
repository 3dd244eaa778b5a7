/** `/auth/*` of passwords: a new one for who is signed in, and for who has forgotten the old one. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PasswordResult } from '../identity/password-service.ts'
import { authenticate, namedTenant } from './auth.ts'
import {
  CREDENTIALS_ROUTE,
  EMAIL,
  passwordField,
  refuseAttempt,
  refuseFields,
  tokenField,
  withFields,
} from './credential-answers.ts'
import type { AppPlugin } from './plugin.ts'
import { sendProblem } from './problems.ts'
import { enterTenant } from './tenancy.ts'

const CURRENT = passwordField('currentPassword')
const NEW = passwordField('newPassword')
const TOKEN = tokenField('token')

export const passwords: AppPlugin = (app, { passwords, tokens, hosts, identity }) => {
  const signedIn = [authenticate(tokens, hosts), enterTenant(identity)]

  app.post('/auth/change-password', { ...CREDENTIALS_ROUTE, onRequest: signedIn }, (request, reply) =>
    withFields(reply, request.body, [CURRENT, NEW], async ({ currentPassword, newPassword }) => {
      const { principal, holder, ip: address } = request
      if (principal === undefined) throw new Error('/auth/change-password was reached without a principal')
      const change = { currentPassword, newPassword, sessionId: holder?.sessionId, address }
      // No 401, which would say that the token is wrong.
      const refused = { status: 403, detail: 'The current password is wrong' }
      return answer(request, reply, await passwords.change(principal, change), 204, refused)
    }),
  )

  app.post('/auth/request-password-reset', CREDENTIALS_ROUTE, (request, reply) =>
    withFields(reply, request.body, [EMAIL], async ({ email }) => {
      const tenantId = await namedTenant(request, hosts)
      const result = await passwords.requestReset({ tenantId, email, address: request.ip })
      return answer(request, reply, result, 202)
    }),
  )

  app.post('/auth/reset-password', CREDENTIALS_ROUTE, (request, reply) =>
    withFields(reply, request.body, [TOKEN, NEW], async ({ token, newPassword }) => {
      const refused = { status: 403, detail: 'The token is not valid any more: ask for another one' }
      return answer(request, reply, await passwords.reset(token, newPassword), 204, refused)
    }),
  )
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { refusal }: PasswordResult,
  status: 202 | 204,
  unauthorized = { status: 403, detail: '' },
): FastifyReply {
  if (refusal === undefined) return reply.code(status).header('cache-control', 'no-store').send()
  request.log.info({ reason: refusal.kind }, 'new password refused')
  if (refusal.kind === 'invalid') return refuseFields(reply, refusal.errors)
  if (refusal.kind === 'limited') return refuseAttempt(reply, refusal.retryAfterMs)
  return sendProblem(reply, unauthorized)
}
