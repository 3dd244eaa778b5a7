/**
 * Enters the tenant of an authenticated request: everything after this hook runs as its actor (spans, log lines), and has its
 * principal. A tenant or user that does not exist, or no longer, is answered like a wrong token.
 */
import { context } from '@opentelemetry/api'
import { correlate } from '@rustok/telemetry'
import type { onRequestHookHandler } from 'fastify'
import type { IdentityService } from '../identity/identity-service.ts'
import { unauthorized } from './auth.ts'
import type { AppPlugin } from './plugin.ts'

export const tenancy: AppPlugin = (app) => {
  app.decorateRequest('principal')
}

/** Follows `authenticate`. With a callback, because the hooks that follow must run inside the actor's context. */
export function enterTenant(identity: IdentityService): onRequestHookHandler {
  return (request, reply, done) => {
    const { holder } = request
    if (holder === undefined) {
      unauthorized(reply)
      return
    }
    correlate(holder, () => {
      request.traceContext = context.active()
      identity.principal(holder).then((principal) => {
        if (principal === undefined) {
          unauthorized(reply)
          return
        }
        request.principal = principal
        done()
      }, done)
    })
  }
}
