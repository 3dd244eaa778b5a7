/**
 * Access tokens: JWTs signed with HS256 that name a tenant and a user, nothing more. Roles are looked up, so that they hold
 * from the moment they change. RFC 8725 is the list of what goes wrong with these.
 */
import { errors, jwtVerify, SignJWT } from 'jose'
import type { Actor } from '../events/envelope.ts'
import type { KeyRing } from './key-ring.ts'

const ALGORITHM = 'HS256'
const ISSUER = 'rustok-server'
const AUDIENCE = 'rustok-server'
/** Clocks of issuer and verifier may differ by this much. */
const CLOCK_TOLERANCE = '5s'

/** Ids reach SQL parameters and log lines: no control characters (Postgres refuses NUL), no lone surrogates, no novels. */
const ID = /^[^\p{Cc}\p{Cs}]{1,255}$/u

/** `lifetime` as jose writes it: `15m`, `1d`. */
export async function issueToken(keys: KeyRing, actor: Actor, lifetime: string): Promise<string> {
  return new SignJWT({ tenant_id: actor.tenantId })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid: keys.current.kid })
    .setSubject(actor.userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(keys.current.secret)
}

/** Undefined for whatever is wrong with the token; callers must not tell why. */
export async function verifyToken(keys: KeyRing, token: string): Promise<Actor | undefined> {
  try {
    const { payload } = await jwtVerify(
      token,
      ({ kid }) => {
        const key = keys.find(kid)
        if (key === undefined) throw new errors.JWKSNoMatchingKey()
        return key.secret
      },
      {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        requiredClaims: ['sub', 'exp', 'tenant_id'],
        clockTolerance: CLOCK_TOLERANCE,
      },
    )
    const { sub, tenant_id: tenantId } = payload
    if (!isId(sub) || !isId(tenantId)) return undefined
    return { tenantId, userId: sub }
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

function isId(claim: unknown): claim is string {
  return typeof claim === 'string' && ID.test(claim)
}
