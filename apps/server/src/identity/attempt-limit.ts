/**
 * Token buckets by key, for attempts at guessing: each key may make a burst, then one attempt every so often. In this process's memory
 * and bounded: a full table forgets who was seen longest ago, which for an attacker costs as many attempts as it holds keys.
 */

export interface AttemptLimitOptions {
  readonly burst: number
  /** After the burst, one more attempt each. */
  readonly everyMs: number
  readonly maxKeys: number
  readonly now?: () => number
}

interface Bucket {
  /** Attempts left, as of `at`. */
  readonly left: number
  readonly at: number
}

export class AttemptLimit {
  readonly #options: AttemptLimitOptions
  readonly #now: () => number
  /** In the order of the last attempt. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: AttemptLimitOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Undefined, or in how many milliseconds to try again. A refused attempt does not make the wait longer. */
  take(key: string): number | undefined {
    const { everyMs, maxKeys } = this.#options
    const left = this.#left(key)
    if (left < 1) return Math.ceil((1 - left) * everyMs)
    this.#put(key, left - 1)
    if (this.#buckets.size > maxKeys) {
      const [oldest] = this.#buckets.keys()
      this.#buckets.delete(oldest!)
    }
    return undefined
  }

  /** Gives back what `take` took: the attempt was right. */
  giveBack(key: string): void {
    if (this.#buckets.has(key)) this.#put(key, Math.min(this.#options.burst, this.#left(key) + 1))
  }

  get size(): number {
    return this.#buckets.size
  }

  #put(key: string, left: number): void {
    this.#buckets.delete(key)
    this.#buckets.set(key, { left, at: this.#now() })
  }

  #left(key: string): number {
    const { burst, everyMs } = this.#options
    const bucket = this.#buckets.get(key)
    return bucket === undefined ? burst : Math.min(burst, bucket.left + (this.#now() - bucket.at) / everyMs)
  }
}
