/**
 * Refresh tokens: the tenant, the session and 256 random bits, of which the database keeps a hash. The tenant is in it so that the
 * session can be found behind row-level security; that it is one's own is what the random part proves.
 */
import { createHash, randomBytes } from 'node:crypto'
import { isTenantId } from '../db/scope.ts'
import { isUuid } from '../domain/uuid.ts'

export interface RefreshToken {
  readonly tenantId: string
  readonly sessionId: string
  readonly hash: Buffer
}

const FORMAT = /^rt_([a-z0-9-]{1,63})\.([0-9a-f-]{36})\.[A-Za-z0-9_-]{43}$/

export function newRefreshToken(tenantId: string, sessionId: string): { text: string; hash: Buffer } {
  const text = `rt_${tenantId}.${sessionId}.${randomBytes(32).toString('base64url')}`
  return { text, hash: hashOf(text) }
}

/** Undefined for what we cannot have made. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, tenantId = '', sessionId = ''] = FORMAT.exec(text) ?? []
  if (!isTenantId(tenantId) || !isUuid(sessionId)) return undefined
  return { tenantId, sessionId, hash: hashOf(text) }
}

/** Plain SHA-256: 256 random bits need no salt and no slowness. */
function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
