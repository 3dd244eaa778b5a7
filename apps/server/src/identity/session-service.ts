/**
 * Sign-in, refresh and sign-out. A refresh token is good once: one that comes a second time was stolen, from us or from the thief, and
 * ends the session (RFC 9700 section 4.14.2). Called by the routes in `plugins/sign-in.ts`.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto'
import { correlate } from '@rustok/telemetry'
import type { TenantDatabase } from '../db/tenant-database.ts'
import type { Guess, GuessLimits } from './guess-limits.ts'
import type { KeyRing } from './key-ring.ts'
import { NO_TENANT, scopeOf } from './named-tenant.ts'
import { refreshTokens } from './opaque-token.ts'
import type { PasswordHasher } from './passwords.ts'
import { observeSession, type SessionObserver } from './session-observer.ts'
import {
  type Credential,
  exchangeHash,
  findCredential,
  findSessionForUpdate,
  insertSession,
  renewSession,
  revokeSessions,
} from './session-queries.ts'
import { issueToken } from './tokens.ts'

const ACCESS_TOKEN_S = 15 * 60
/** A session that nobody refreshes for so long is over, and any after so long in all. */
const IDLE_MS = 30 * 86_400_000
const LONGEST_MS = 90 * 86_400_000

export interface SignInAttempt {
  /** Undefined where neither host nor header name one. */
  readonly tenantId: string | undefined
  readonly email: string
  readonly password: string
  readonly address: string
}

export interface SignedIn {
  readonly accessToken: string
  readonly expiresInS: number
  readonly refreshToken: string
}

export type SessionRefusal =
  /** Wrong password, no such user, no such tenant, disabled, revoked, expired: nobody outside learns which. */
  { readonly kind: 'unauthorized' } | { readonly kind: 'limited'; readonly retryAfterMs: number }

export type SessionResult =
  | { readonly value: SignedIn; readonly refusal?: never }
  | { readonly refusal: SessionRefusal }

export class SessionService {
  readonly #database: TenantDatabase
  readonly #keys: KeyRing
  readonly #passwords: PasswordHasher
  readonly #guesses: GuessLimits
  readonly #observer: SessionObserver

  constructor(
    database: TenantDatabase,
    keys: KeyRing,
    passwords: PasswordHasher,
    guesses: GuessLimits,
    observer: SessionObserver,
  ) {
    this.#database = database
    this.#keys = keys
    this.#passwords = passwords
    this.#guesses = guesses
    this.#observer = observer
  }

  /** May throw PasswordQueueFull. */
  signIn(attempt: SignInAttempt): Promise<SessionResult> {
    return observeSession(this.#observer, 'sign_in', async (): Promise<SessionResult> => {
      const { tenantId = NO_TENANT, email, address } = attempt
      const guess = { tenantId, email, address }
      const retryAfterMs = this.#guesses.take(guess)
      if (retryAfterMs !== undefined) return { refusal: { kind: 'limited', retryAfterMs } }

      const scope = scopeOf(attempt.tenantId)
      const check = () => this.#check(scope, attempt, guess)
      // Not before the attempt was counted: a stranger's requests must not fill the telemetry with invented tenants.
      return scope === attempt.tenantId ? correlate({ tenantId: scope }, check) : check()
    })
  }

  refresh(refreshToken: string): Promise<SessionResult> {
    return observeSession(this.#observer, 'refresh', async (): Promise<SessionResult> => {
      const token = refreshTokens.parse(refreshToken)
      if (token === undefined) return { refusal: { kind: 'unauthorized' } }
      const { tenantId, id: sessionId } = token
      const next = refreshTokens.create(tenantId, sessionId)
      const outcome = await this.#database.transact(tenantId, 'identity.refresh', async ({ trx }) => {
        const session = await findSessionForUpdate(trx, tenantId, sessionId)
        if (session === undefined) return 'over'
        return correlate({ tenantId, userId: session.userId }, async () => {
          if (!timingSafeEqual(session.tokenHash, token.hash)) {
            await revokeSessions(trx, tenantId, { id: sessionId })
            return 'reused'
          }
          const longest = session.createdAt.getTime() + LONGEST_MS
          const expiresAt = new Date(Math.min(Date.now() + IDLE_MS, longest))
          await renewSession(trx, tenantId, { id: sessionId, tokenHash: next.hash, expiresAt })
          return session
        })
      })
      if (outcome === 'reused') this.#observer.sessionOperation('refresh', 'reused')
      if (typeof outcome === 'string') return { refusal: { kind: 'unauthorized' } }
      const { userId } = outcome
      return correlate({ tenantId, userId }, async () => ({
        value: await this.#tokens(tenantId, userId, sessionId, next.text),
      }))
    })
  }

  /** Of what is no session of ours, or none any more, nothing is left to end: that is no error. */
  async signOut(refreshToken: string): Promise<void> {
    await observeSession(this.#observer, 'sign_out', async () => {
      const token = refreshTokens.parse(refreshToken)
      if (token === undefined) return {}
      const { tenantId, id } = token
      const ended = await this.#database.transact(tenantId, 'identity.signOut', async ({ trx }) => {
        const session = await findSessionForUpdate(trx, tenantId, id)
        if (session === undefined) return undefined
        const { userId } = session
        // Whose it is was the token's word until here.
        return correlate({ tenantId, userId }, async () => {
          await revokeSessions(trx, tenantId, { id })
          return { tenantId, userId }
        })
      })
      return ended === undefined ? {} : correlate(ended, () => ({}))
    })
  }

  async #check(
    scope: string,
    { tenantId, email, password }: SignInAttempt,
    guess: Guess,
  ): Promise<SessionResult> {
    const found = await this.#database.read(scope, (db) => findCredential(db, scope, email))
    const credential = tenantId === scope ? found : undefined
    const { matches, outdated } = await this.#passwords.verify(password, credential?.passwordHash)
    if (!matches || credential === undefined || credential.disabled) {
      return { refusal: { kind: 'unauthorized' } }
    }
    this.#guesses.giveBack(guess)
    const rehashed = outdated ? await this.#passwords.hash(password) : undefined
    return { value: await this.#open(scope, credential, rehashed) }
  }

  #open(
    tenantId: string,
    { userId, passwordHash }: Credential,
    rehashed: string | undefined,
  ): Promise<SignedIn> {
    return correlate({ tenantId, userId }, async () => {
      const sessionId = randomUUID()
      const { text, hash } = refreshTokens.create(tenantId, sessionId)
      const expiresAt = new Date(Date.now() + IDLE_MS)
      await this.#database.transact(tenantId, 'identity.signIn', async ({ trx }) => {
        // Unless the password was changed since it was checked.
        if (rehashed !== undefined) {
          await exchangeHash(trx, tenantId, userId, { from: passwordHash, to: rehashed })
        }
        await insertSession(trx, tenantId, { id: sessionId, userId, tokenHash: hash, expiresAt })
      })
      return this.#tokens(tenantId, userId, sessionId, text)
    })
  }

  async #tokens(
    tenantId: string,
    userId: string,
    sessionId: string,
    refreshToken: string,
  ): Promise<SignedIn> {
    const accessToken = await issueToken(this.#keys, { tenantId, userId, sessionId }, ACCESS_TOKEN_S)
    return { accessToken, expiresInS: ACCESS_TOKEN_S, refreshToken }
  }
}
