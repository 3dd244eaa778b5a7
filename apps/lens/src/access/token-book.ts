/**
 * The tokens that are known, as SHA-256 hashes: who reads the file cannot become anybody. A token is 32 random bytes, so its hash needs no salt and no
 * slow function.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Access, type Role, roles } from './access.ts'

/** An entry of the file, as it stands in JSON. */
export interface TokenEntry {
  readonly name: string
  readonly role: Role
  /** `["*"]` for all. An ingest token has one. Absent for admin. */
  readonly tenants?: readonly string[]
  /** Of the token, 64 hex digits. */
  readonly sha256: string
  /** ISO 8601. */
  readonly expires?: string
}

export interface KnownToken {
  readonly access: Access
  readonly digest: Buffer
  /** Unix milliseconds; Infinity for never. */
  readonly expires: number
}

/** Each is a condition that a query's settings carry, once a table. */
const mostTenants = 256
const longestName = 256

export class TokenBook {
  readonly #tokens: ReadonlyMap<string, KnownToken>

  private constructor(tokens: ReadonlyMap<string, KnownToken>) {
    this.#tokens = tokens
  }

  /** `{"tokens": [TokenEntry, …]}`. Throws Error saying which entry is wrong, and how, for text that is not that. */
  static parse(text: string): TokenBook {
    const entries = (json(text) as { tokens?: unknown } | null)?.tokens
    if (!Array.isArray(entries)) throw new Error('expected {"tokens": […]}')
    const tokens = new Map<string, KnownToken>()
    const names = new Set<string>()
    for (const [index, entry] of entries.entries()) {
      const place = `tokens[${index}]`
      const token = knownToken(entry, place)
      const { name } = token.access
      if (names.has(name)) throw new Error(`${place}: there is another token called ${JSON.stringify(name)}`)
      names.add(name)
      const key = keyOf(token.digest)
      if (tokens.has(key)) throw new Error(`${place}: its sha256 is that of another token`)
      tokens.set(key, token)
    }
    return new TokenBook(tokens)
  }

  get size(): number {
    return this.#tokens.size
  }

  /** Undefined for a token that is not known or no longer valid. */
  find(token: string): KnownToken | undefined {
    return this.findDigest(digestOf(token))
  }

  /** A token that is found by a part of its hash has the whole compared in constant time: how near a guess came shows in nothing. */
  findDigest(digest: Buffer): KnownToken | undefined {
    const known = this.#tokens.get(keyOf(digest))
    if (known === undefined || !timingSafeEqual(known.digest, digest)) return undefined
    return known.expires > Date.now() ? known : undefined
  }
}

export function digestOf(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest()
}

/** Begins with what secret scanners can look for. */
export function newToken(): string {
  return `lens_${randomBytes(32).toString('base64url')}`
}

function keyOf(digest: Buffer): string {
  return digest.toString('hex', 0, 8)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The engine's message would quote the file.
    throw new Error('not JSON')
  }
}

function knownToken(entry: unknown, place: string): KnownToken {
  const fail = (what: string) => new Error(`${place}: ${what}`)
  if (typeof entry !== 'object' || entry === null) throw fail('expected an object')
  const { name, role, tenants, sha256, expires, ...others } = entry as Readonly<Record<string, unknown>>
  const other = Object.keys(others)[0]
  if (other !== undefined) throw fail(`there is no field ${JSON.stringify(other)}`)
  if (!isName(name)) throw fail(`name: expected 1 to ${longestName} characters`)
  const known = roles.find((candidate) => candidate === role)
  if (known === undefined) throw fail(`role: expected one of ${roles.join(', ')}`)
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256))
    throw fail('sha256: expected 64 hex digits')
  const end = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(String(expires))
  if (Number.isNaN(end)) throw fail('expires: expected a date such as 2027-01-31')
  const access = { name, role: known, tenants: tenantsOf(known, tenants, fail) }
  return { access, digest: Buffer.from(sha256, 'hex'), expires: end }
}

function tenantsOf(role: Role, tenants: unknown, fail: (what: string) => Error): Access['tenants'] {
  if (role === 'admin') {
    if (tenants !== undefined) throw fail('tenants: an admin token sees all, and names none')
    return undefined
  }
  if (!Array.isArray(tenants) || tenants.length === 0 || !tenants.every(isName)) {
    throw fail('tenants: expected a list of names, or ["*"] for all')
  }
  if (tenants.includes('*')) {
    if (tenants.length > 1) throw fail('tenants: "*" stands alone')
    return undefined
  }
  if (role === 'ingest' && tenants.length > 1) throw fail('tenants: an ingest token has one, or ["*"]')
  if (tenants.length > mostTenants) throw fail(`tenants: at most ${mostTenants}, or ["*"]`)
  return [...new Set(tenants)]
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longestName && value.isWellFormed()
}
