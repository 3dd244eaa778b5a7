/**
 * Changing a password: by who is signed in and has the old one, or by who has lost it and reads the mail of the account. Either ends the
 * user's other sessions. Called by the routes in `plugins/passwords.ts`; the mail is `password-reset-handler.ts`'s.
 */
import { randomUUID } from 'node:crypto'
import { correlate } from '@rustok/telemetry'
import type { TenantDatabase, UnitOfWork } from '../db/tenant-database.ts'
import type { FieldError } from '../domain/result.ts'
import { draftEvent } from '../events/envelope.ts'
import { type GuessLimits, resetRequests } from './guess-limits.ts'
import { passwordChanged, passwordResetRequested } from './identity-events.ts'
import { NO_TENANT, scopeOf } from './named-tenant.ts'
import { resetTokens } from './opaque-token.ts'
import { endResets, findReset, insertResetRequest, useReset } from './password-reset-queries.ts'
import type { PasswordHasher } from './passwords.ts'
import type { Principal } from './principal.ts'
import { observeSession, type SessionObserver } from './session-observer.ts'
import { exchangeHash, findPasswordHash, replaceHash, revokeSessions } from './session-queries.ts'
import { checkPassword } from './user-input.ts'

/** For as long as somebody may have to wait for the mail to be sent. */
const REQUEST_MS = 60 * 60_000

export interface PasswordChange {
  readonly currentPassword: string
  readonly newPassword: string
  /** Stays; all others of the user end. */
  readonly sessionId: string | undefined
  readonly address: string
}

export interface ForgottenPassword {
  /** Undefined where neither host nor header name one. */
  readonly tenantId: string | undefined
  readonly email: string
  readonly address: string
}

export type PasswordRefusal =
  /** The current password, or the token, is not right. */
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'limited'; readonly retryAfterMs: number }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }

export interface PasswordResult {
  readonly refusal?: PasswordRefusal
}

const DONE: PasswordResult = {}
const UNAUTHORIZED: PasswordResult = { refusal: { kind: 'unauthorized' } }

export class PasswordService {
  readonly #database: TenantDatabase
  readonly #passwords: PasswordHasher
  readonly #guesses: GuessLimits
  readonly #requests = resetRequests()
  readonly #observer: SessionObserver

  /** `guesses` are those of signing in: the current password is the same secret. */
  constructor(
    database: TenantDatabase,
    passwords: PasswordHasher,
    guesses: GuessLimits,
    observer: SessionObserver,
  ) {
    this.#database = database
    this.#passwords = passwords
    this.#guesses = guesses
    this.#observer = observer
  }

  /** May throw PasswordQueueFull. */
  change(principal: Principal, change: PasswordChange): Promise<PasswordResult> {
    return observeSession(this.#observer, 'change_password', async () => {
      const { currentPassword, newPassword, sessionId, address } = change
      const errors = checkPassword('newPassword', newPassword)
      if (errors.length > 0) return { refusal: { kind: 'invalid', errors } }
      const { tenantId, userId, email = userId } = principal
      const guess = { tenantId, email, address }
      const retryAfterMs = this.#guesses.take(guess)
      if (retryAfterMs !== undefined) return { refusal: { kind: 'limited', retryAfterMs } }
      const known = await this.#database.read(tenantId, (db) => findPasswordHash(db, tenantId, userId))
      const { matches } = await this.#passwords.verify(currentPassword, known)
      if (!matches || known === undefined) return UNAUTHORIZED
      this.#guesses.giveBack(guess)
      const hash = await this.#passwords.hash(newPassword)
      return this.#database.transact(
        tenantId,
        'identity.changePassword',
        async (unit) => {
          const changed = await exchangeHash(unit.trx, tenantId, userId, { from: known, to: hash })
          if (!changed) return UNAUTHORIZED
          await endOthers(unit, principal, 'change', sessionId)
          return DONE
        },
        { repeatable: true },
      )
    })
  }

  /**
   * The same statements, and so the same answer in the same time, whether there is such a user or not: who it is for is found out when the
   * event is handled.
   */
  requestReset({ tenantId: named, email, address }: ForgottenPassword): Promise<PasswordResult> {
    return observeSession(this.#observer, 'request_reset', async (): Promise<PasswordResult> => {
      const retryAfterMs = this.#requests.take({ tenantId: named ?? NO_TENANT, email, address })
      if (retryAfterMs !== undefined) return { refusal: { kind: 'limited', retryAfterMs } }
      const tenantId = scopeOf(named)
      const id = randomUUID()
      const expiresAt = new Date(Date.now() + REQUEST_MS)
      const request = () =>
        this.#database.transact(
          tenantId,
          'identity.requestPasswordReset',
          async ({ trx, emit }) => {
            if (!(await insertResetRequest(trx, tenantId, { id, email, expiresAt }))) return
            emit(draftEvent(passwordResetRequested, { tenantId }, id, { requestId: id }))
          },
          { repeatable: true },
        )
      // Not before it was counted: a stranger's requests must not fill the telemetry with invented tenants.
      await (tenantId === named ? correlate({ tenantId }, request) : request())
      return DONE
    })
  }

  /** Once for each token. May throw PasswordQueueFull. */
  reset(text: string, newPassword: string): Promise<PasswordResult> {
    return observeSession(this.#observer, 'reset_password', async () => {
      const errors = checkPassword('newPassword', newPassword)
      if (errors.length > 0) return { refusal: { kind: 'invalid', errors } }
      const token = resetTokens.parse(text)
      if (token === undefined) return UNAUTHORIZED
      const { tenantId, id } = token
      const userId = await this.#database.read(tenantId, (db) => findReset(db, tenantId, token))
      if (userId === undefined) return UNAUTHORIZED
      return correlate({ tenantId, userId }, async () => {
        const hash = await this.#passwords.hash(newPassword)
        return this.#database.transact(
          tenantId,
          'identity.resetPassword',
          async (unit) => {
            if (!(await useReset(unit.trx, tenantId, id))) return UNAUTHORIZED
            await replaceHash(unit.trx, tenantId, userId, hash)
            await endOthers(unit, { tenantId, userId }, 'reset', undefined)
            return DONE
          },
          { repeatable: true },
        )
      })
    })
  }
}

/** Whoever else was in with the old password is out, and so is every token for a new one. */
async function endOthers(
  { trx, emit }: UnitOfWork,
  { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
  by: 'change' | 'reset',
  except: string | undefined,
): Promise<void> {
  await revokeSessions(trx, tenantId, { userId, except })
  await endResets(trx, tenantId, userId)
  emit(draftEvent(passwordChanged, { tenantId, userId }, userId, { userId, by }))
}
