/**
 * Access tokens: JWTs that name a tenant, a user and the session they belong to, nothing more. Roles are looked up, so that they hold
 * from the moment they change. RFC 8725 is the list of what goes wrong with these, RFC 9068 the profile.
 */
import { errors, jwtVerify, SignJWT } from 'jose'
import { isTenantId } from '../db/scope.ts'
import { isUuid } from '../domain/uuid.ts'
import type { Actor } from '../events/envelope.ts'
import type { KeyRing } from './key-ring.ts'
import { isUserId } from './user-id.ts'

const ISSUER = 'rustok-server'
const AUDIENCE = 'rustok-server'
/** Explicit typing, RFC 8725 section 3.11: no other kind of token that one of our keys may sign passes for one of these. */
const TYPE = 'at+jwt'
/** Clocks of issuer and verifier may differ by this much. */
const CLOCK_TOLERANCE_S = 5

/** The demo's; those of sign-ins live for minutes. A key that signed no more for this long is of no use. */
export const LONGEST_LIFETIME_MS = 7 * 86_400_000

/** Ours have about 350 characters. */
const MAX_TOKEN = 2_048
/** Verified tokens to remember, each of at most MAX_TOKEN characters. A signature costs 0.4 ms to check, a lookup nothing. */
const MAX_REMEMBERED = 5_000

export interface TokenHolder extends Actor {
  /** Whose end ends the token; undefined for one that was handed out without signing in. */
  readonly sessionId?: string | undefined
}

export async function issueToken(
  keys: KeyRing,
  holder: TokenHolder,
  lifetimeSeconds: number,
): Promise<string> {
  const { kid, algorithm, secret } = keys.current
  const now = Math.floor(Date.now() / 1_000)
  const claims = holder.sessionId === undefined ? {} : { sid: holder.sessionId }
  return new SignJWT({ tenant_id: holder.tenantId, ...claims })
    .setProtectedHeader({ alg: algorithm, typ: TYPE, kid })
    .setSubject(holder.userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(now)
    .setExpirationTime(now + lifetimeSeconds)
    .sign(secret)
}

export class TokenVerifier {
  readonly #keys: KeyRing
  /** By the whole token, in the order in which they were verified. Holds good ones alone, so nobody can fill it with rubbish. */
  readonly #verified = new Map<string, { readonly holder: TokenHolder; readonly expires: number }>()
  #version: number

  constructor(keys: KeyRing) {
    this.#keys = keys
    this.#version = keys.version
  }

  /** Undefined for whatever is wrong with the token; callers must not tell why. */
  async verify(token: string): Promise<TokenHolder | undefined> {
    if (token.length > MAX_TOKEN) return undefined
    if (this.#version !== this.#keys.version) {
      this.#verified.clear()
      this.#version = this.#keys.version
    }
    const known = this.#verified.get(token)
    if (known !== undefined) {
      if (Date.now() / 1_000 < known.expires + CLOCK_TOLERANCE_S) return known.holder
      this.#verified.delete(token)
      return undefined
    }
    const verified = await verify(this.#keys, token)
    if (verified === undefined) return undefined
    this.#remember(token, verified)
    return verified.holder
  }

  #remember(token: string, verified: { readonly holder: TokenHolder; readonly expires: number }): void {
    if (this.#verified.size >= MAX_REMEMBERED) {
      const [oldest] = this.#verified.keys()
      this.#verified.delete(oldest!)
    }
    this.#verified.set(token, verified)
  }
}

async function verify(keys: KeyRing, token: string) {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid, alg }) => {
        const key = keys.find(kid)
        // The algorithm is the key's, whatever the header says: a public key is no HMAC secret.
        if (key === undefined || key.algorithm !== alg) throw new errors.JWKSNoMatchingKey()
        return key.verifier
      },
      {
        algorithms: ['EdDSA', 'HS256'],
        typ: TYPE,
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'exp', 'tenant_id'],
        clockTolerance: CLOCK_TOLERANCE_S,
      },
    )
    const { sub, tenant_id: tenantId, sid: sessionId, exp: expires = 0 } = payload
    if (!isUserId(sub) || typeof tenantId !== 'string' || !isTenantId(tenantId)) return undefined
    if (sessionId !== undefined && (typeof sessionId !== 'string' || !isUuid(sessionId))) return undefined
    return { holder: { tenantId, userId: sub, sessionId }, expires }
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}
