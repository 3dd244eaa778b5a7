/** What sign-ins, sessions and passwords tell the metrics, and the span around each of their operations. */
import { tracedSpan } from '@rustok/telemetry'

const SPANS = {
  sign_in: 'identity.signIn',
  refresh: 'identity.refresh',
  sign_out: 'identity.signOut',
  change_password: 'identity.changePassword',
  request_reset: 'identity.requestPasswordReset',
  reset_password: 'identity.resetPassword',
} as const

export type SessionOperation = keyof typeof SPANS

export type SessionOutcome = 'ok' | 'unauthorized' | 'limited' | 'invalid' | 'reused' | 'error'

/** Counts operations; a refresh token that came twice also counts as `reused`. */
export interface SessionObserver {
  sessionOperation(operation: SessionOperation, outcome: SessionOutcome): void
}

export function observeSession<T extends { readonly refusal?: { readonly kind: SessionOutcome } }>(
  observer: SessionObserver,
  operation: SessionOperation,
  run: () => Promise<T>,
): Promise<T> {
  return tracedSpan(SPANS[operation], {}, async () => {
    try {
      const result = await run()
      observer.sessionOperation(operation, result.refusal?.kind ?? 'ok')
      return result
    } catch (error) {
      observer.sessionOperation(operation, 'error')
      throw error
    }
  })
}
