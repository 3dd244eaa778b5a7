/**
 * The keys that sign and verify tokens, each known by its `kid`. Today the ring has one key; rotation adds a second that verifies
 * until its tokens have expired, without a change to whoever signs or verifies.
 */
import { createHash } from 'node:crypto'

export interface SigningKey {
  readonly kid: string
  readonly secret: Uint8Array
}

export class KeyRing {
  /** Signs new tokens. */
  readonly current: SigningKey
  readonly #byId: ReadonlyMap<string, SigningKey>

  constructor(secrets: readonly [Uint8Array, ...Uint8Array[]]) {
    const [current, ...retired] = secrets
    this.current = signingKey(current)
    this.#byId = new Map([this.current, ...retired.map(signingKey)].map((key) => [key.kid, key]))
  }

  /** A `kid` is looked up among ours and used for nothing else: it is the sender's, so it may hold anything. */
  find(kid: string | undefined): SigningKey | undefined {
    return kid === undefined ? undefined : this.#byId.get(kid)
  }
}

/** The id is derived from the key, so that servers with the same secret agree on it; 64 bits of a hash tell nothing about it. */
function signingKey(secret: Uint8Array): SigningKey {
  return { kid: createHash('sha256').update('kid:').update(secret).digest('hex').slice(0, 16), secret }
}
