/**
 * Sign-in, refresh and sign-out. A refresh token is good once: one that comes a second time was stolen, from us or from the thief, and
 * ends the session (RFC 9700 section 4.14.2). Called by the routes in `plugins/sign-in.ts`.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto'
import { correlate, tracedSpan } from '@rustok/telemetry'
import { isTenantId } from '../db/scope.ts'
import type { TenantDatabase } from '../db/tenant-database.ts'
import { AttemptLimit } from './attempt-limit.ts'
import type { KeyRing } from './key-ring.ts'
import type { PasswordHasher } from './passwords.ts'
import { newRefreshToken, parseRefreshToken } from './refresh-token.ts'
import {
  type Credential,
  findCredential,
  findSessionForUpdate,
  insertSession,
  renewSession,
  replaceHash,
  revokeSessions,
} from './session-queries.ts'
import { issueToken } from './tokens.ts'

const ACCESS_TOKEN_S = 15 * 60
/** A session that nobody refreshes for so long is over, and any after so long in all. */
const IDLE_MS = 30 * 86_400_000
const LONGEST_MS = 90 * 86_400_000

/** Guessing one user's password, and trying one password on many users from one place. */
const PER_USER = { burst: 10, everyMs: 30_000, maxKeys: 20_000 }
const PER_ADDRESS = { burst: 50, everyMs: 2_000, maxKeys: 20_000 }

/** Stands in where no tenant was named, so that the answer takes as long. Nothing is done with what it finds. */
const NO_TENANT = '0'

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

export type SessionOperation = 'sign_in' | 'refresh' | 'sign_out'
const SPANS: Readonly<Record<SessionOperation, string>> = {
  sign_in: 'identity.signIn',
  refresh: 'identity.refresh',
  sign_out: 'identity.signOut',
}

export type SessionOutcome = 'ok' | SessionRefusal['kind'] | 'reused' | 'error'

/** Counts operations, for the metrics; a refresh token that came twice also counts as `reused`. */
export interface SessionObserver {
  sessionOperation(operation: SessionOperation, outcome: SessionOutcome): void
}

export class SessionService {
  readonly #database: TenantDatabase
  readonly #keys: KeyRing
  readonly #passwords: PasswordHasher
  readonly #observer: SessionObserver
  readonly #perUser = new AttemptLimit(PER_USER)
  readonly #perAddress = new AttemptLimit(PER_ADDRESS)

  constructor(database: TenantDatabase, keys: KeyRing, passwords: PasswordHasher, observer: SessionObserver) {
    this.#database = database
    this.#keys = keys
    this.#passwords = passwords
    this.#observer = observer
  }

  /** May throw PasswordQueueFull. */
  signIn(attempt: SignInAttempt): Promise<SessionResult> {
    return this.#observed('sign_in', async (): Promise<SessionResult> => {
      const { tenantId = NO_TENANT, email } = attempt
      const place = placeOf(attempt.address)
      const user = `${tenantId}\n${email.toLowerCase()}`
      const retryAfterMs = this.#perAddress.take(place) ?? this.#perUser.take(user)
      if (retryAfterMs !== undefined) return { refusal: { kind: 'limited', retryAfterMs } }

      const scope = isTenantId(tenantId) ? tenantId : NO_TENANT
      const check = () => this.#check(scope, attempt, [place, user])
      // Not before the attempt was counted: a stranger's requests must not fill the telemetry with invented tenants.
      return scope === attempt.tenantId ? correlate({ tenantId: scope }, check) : check()
    })
  }

  refresh(refreshToken: string): Promise<SessionResult> {
    return this.#observed('refresh', async (): Promise<SessionResult> => {
      const token = parseRefreshToken(refreshToken)
      if (token === undefined) return { refusal: { kind: 'unauthorized' } }
      const { tenantId, sessionId } = token
      const next = newRefreshToken(tenantId, sessionId)
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
    await this.#observed('sign_out', async () => {
      const token = parseRefreshToken(refreshToken)
      if (token === undefined) return {}
      await this.#database.transact(token.tenantId, 'identity.signOut', ({ trx }) =>
        revokeSessions(trx, token.tenantId, { id: token.sessionId }),
      )
      return {}
    })
  }

  async #check(
    scope: string,
    { tenantId, email, password }: SignInAttempt,
    [place, user]: readonly [place: string, user: string],
  ): Promise<SessionResult> {
    const found = await this.#database.read(scope, (db) => findCredential(db, scope, email))
    const credential = tenantId === scope ? found : undefined
    const { matches, outdated } = await this.#passwords.verify(password, credential?.passwordHash)
    if (!matches || credential === undefined || credential.disabled) {
      return { refusal: { kind: 'unauthorized' } }
    }
    this.#perAddress.giveBack(place)
    this.#perUser.giveBack(user)
    const rehashed = outdated ? await this.#passwords.hash(password) : undefined
    return { value: await this.#open(scope, credential, rehashed) }
  }

  #open(tenantId: string, { userId }: Credential, rehashed: string | undefined): Promise<SignedIn> {
    return correlate({ tenantId, userId }, async () => {
      const sessionId = randomUUID()
      const { text, hash } = newRefreshToken(tenantId, sessionId)
      const expiresAt = new Date(Date.now() + IDLE_MS)
      await this.#database.transact(tenantId, 'identity.signIn', async ({ trx }) => {
        if (rehashed !== undefined) await replaceHash(trx, tenantId, userId, rehashed)
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

  #observed<T extends { readonly refusal?: SessionRefusal }>(
    operation: SessionOperation,
    run: () => Promise<T>,
  ): Promise<T> {
    return tracedSpan(SPANS[operation], {}, async () => {
      try {
        const result = await run()
        this.#observer.sessionOperation(operation, result.refusal?.kind ?? 'ok')
        return result
      } catch (error) {
        this.#observer.sessionOperation(operation, 'error')
        throw error
      }
    })
  }
}

/** Somebody with one IPv6 address has at least 2⁶⁴ of them. */
function placeOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail = ''] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = address.includes('::') ? 8 - groups.length - tail.split(':').filter(Boolean).length : 0
  return [...groups, ...Array<string>(missing).fill('0')].slice(0, 4).join(':')
}
