/** A token bucket by the monotonic clock: `rate` tokens a second, of which at most `burst` are saved up. */

export class RateLimiter {
  readonly #rate: number
  readonly #burst: number
  #tokens: number
  #filledAt = performance.now()

  constructor(rate: number, burst: number) {
    this.#rate = rate
    this.#burst = burst
    this.#tokens = burst
  }

  /** Takes a token if there is one. */
  take(): boolean {
    const now = performance.now()
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#rate)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
