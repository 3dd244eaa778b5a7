/**
 * Tokens that mean nothing but to us: a prefix for their kind, the tenant, what they belong to and 256 random bits, of which the database
 * keeps a hash. The tenant is in it so that the row can be found behind row-level security; that it is one's own is what the random part proves.
 */
import { createHash, randomBytes } from 'node:crypto'
import { isTenantId } from '../db/scope.ts'
import { isUuid } from '../domain/uuid.ts'

export interface OpaqueToken {
  readonly tenantId: string
  /** Of the session, or the request for a new password. */
  readonly id: string
  readonly hash: Buffer
}

class TokenKind {
  readonly #prefix: string
  readonly #format: RegExp

  constructor(prefix: string) {
    this.#prefix = prefix
    this.#format = new RegExp(`^${prefix}_([a-z0-9-]{1,63})\\.([0-9a-f-]{36})\\.[A-Za-z0-9_-]{43}$`)
  }

  create(tenantId: string, id: string): { text: string; hash: Buffer } {
    const text = `${this.#prefix}_${tenantId}.${id}.${randomBytes(32).toString('base64url')}`
    return { text, hash: hashOf(text) }
  }

  /** Undefined for what we cannot have made. */
  parse(text: string): OpaqueToken | undefined {
    const [, tenantId = '', id = ''] = this.#format.exec(text) ?? []
    if (!isTenantId(tenantId) || !isUuid(id)) return undefined
    return { tenantId, id, hash: hashOf(text) }
  }
}

export const refreshTokens = new TokenKind('rt')
export const resetTokens = new TokenKind('pr')

/** Plain SHA-256: 256 random bits need no salt and no slowness. */
function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
