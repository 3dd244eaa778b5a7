/**
 * Passwords: Argon2id by Node itself, on its thread pool, with the parameters that OWASP's Password Storage Cheat Sheet names first, kept in
 * PHC string format. A few at a time: each holds 19 MiB and a thread that file access and DNS need, too.
 */
import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const MEMORY_KIB = 19_456
const PASSES = 2
const PARALLELISM = 1
const SALT_BYTES = 16
const HASH_BYTES = 32

/** Of the four threads that the pool has by default. */
const CONCURRENCY = 2
/** At 20 to 50 ms each, two at a time: the last of them waits a second or two. */
const MAX_WAITING = 100

/** NIST SP 800-63B section 3.1.1.2: length is what counts. In characters. */
export const MIN_PASSWORD = 10
export const MAX_PASSWORD = 128

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,})\$([A-Za-z0-9+/]{22,})$/

const derive = promisify(argon2)

/** More passwords wait to be checked than can be in reasonable time: come back later. */
export class PasswordQueueFull extends Error {
  override readonly name = 'PasswordQueueFull'
}

export interface Verification {
  readonly matches: boolean
  /** It was made with other parameters than new ones: hash the password again. */
  readonly outdated: boolean
}

export class PasswordHasher {
  #running = 0
  readonly #waiting: (() => void)[] = []

  async hash(password: string): Promise<string> {
    const nonce = randomBytes(SALT_BYTES)
    const hash = await this.#derive(password, {
      nonce,
      memory: MEMORY_KIB,
      passes: PASSES,
      parallelism: PARALLELISM,
      tagLength: HASH_BYTES,
    })
    return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${PARALLELISM}$${encode(nonce)}$${encode(hash)}`
  }

  /** Without a hash (no such user, or none with a password), it works as long, for nothing. */
  async verify(password: string, hash: string | undefined): Promise<Verification> {
    const parts = PHC.exec(hash ?? '')
    if (parts === null) {
      await this.hash(password)
      return { matches: false, outdated: false }
    }
    const [memory, passes, parallelism] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
    const expected = Buffer.from(parts[5]!, 'base64')
    const nonce = Buffer.from(parts[4]!, 'base64')
    const tagLength = expected.length
    const actual = await this.#derive(password, { nonce, memory, passes, parallelism, tagLength })
    const outdated = memory !== MEMORY_KIB || passes !== PASSES || parallelism !== PARALLELISM
    return { matches: timingSafeEqual(actual, expected), outdated }
  }

  async #derive(password: string, parameters: Omit<Argon2Parameters, 'message'>): Promise<Buffer> {
    await this.#turn()
    try {
      // The same password typed on two keyboards: NIST SP 800-63B has it normalised.
      return await derive('argon2id', { message: password.normalize('NFKC'), ...parameters })
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < CONCURRENCY) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= MAX_WAITING) throw new PasswordQueueFull('too many sign-ins at once')
    // Whoever is done passes its turn on.
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
