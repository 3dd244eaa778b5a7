/**
 * The keys that sign and verify tokens, each known by its `kid` and good for one algorithm alone (RFC 8725 section 3.1). Several verify,
 * one signs: the one whose time came last, so that a key is known everywhere before the first token that needs it.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: 'EdDSA' | 'HS256'
  /** Milliseconds since the epoch. */
  readonly signsFrom: number
  readonly secret: KeyObject | Uint8Array
  readonly verifier: KeyObject | Uint8Array
}

export interface PublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
  readonly kid: string
  readonly alg: 'EdDSA'
  readonly use: 'sig'
}

export class KeyRing {
  #keys: ReadonlyMap<string, SigningKey> = new Map()
  #version = 0

  constructor(keys: readonly [SigningKey, ...SigningKey[]]) {
    this.replace(keys)
  }

  /** Changes when the keys do: what was verified before need not be good any more. */
  get version(): number {
    return this.#version
  }

  /** Signs new tokens. */
  get current(): SigningKey {
    const now = Date.now()
    const [first, ...rest] = [...this.#keys.values()].toSorted((a, b) => a.signsFrom - b.signsFrom)
    // When none is due yet (a clock that is behind), the first must do.
    return rest.filter((key) => key.signsFrom <= now).at(-1) ?? first!
  }

  /** A `kid` is looked up among ours and used for nothing else: it is the sender's, so it may hold anything. */
  find(kid: string | undefined): SigningKey | undefined {
    return kid === undefined ? undefined : this.#keys.get(kid)
  }

  /** With what others can verify our tokens (RFC 7517); shared secrets are not among it. */
  publicKeys(): PublicJwk[] {
    return [...this.#keys.values()].flatMap(({ kid, verifier }) =>
      verifier instanceof Uint8Array
        ? []
        : [{ kty: 'OKP', crv: 'Ed25519', x: publicPoint(verifier), kid, alg: 'EdDSA', use: 'sig' }],
    )
  }

  replace(keys: readonly [SigningKey, ...SigningKey[]]): void {
    const next = new Map(keys.map((key) => [key.kid, key]))
    if (next.size === this.#keys.size && [...next.keys()].every((kid) => this.#keys.has(kid))) return
    this.#keys = next
    this.#version += 1
  }
}

/** The id is the key's thumbprint (RFC 7638), so that all who have the key agree on it. */
export function ed25519Key(secret: KeyObject, signsFrom: number): SigningKey {
  const verifier = createPublicKey(secret)
  const members = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: publicPoint(verifier) })
  const kid = createHash('sha256').update(members).digest('base64url')
  return { kid, algorithm: 'EdDSA', signsFrom, secret, verifier }
}

/** Derived likewise; 64 bits of a hash tell nothing about the secret. */
export function sharedSecretKey(secret: Uint8Array): SigningKey {
  const kid = createHash('sha256').update('kid:').update(secret).digest('hex').slice(0, 16)
  return { kid, algorithm: 'HS256', signsFrom: 0, secret, verifier: secret }
}

function publicPoint(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' })
  if (x === undefined) throw new TypeError('not an Ed25519 key')
  return x
}
