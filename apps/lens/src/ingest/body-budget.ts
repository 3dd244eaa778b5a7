/** Bounds the bytes of all bodies that are in memory at once, over all connections: a thousand senders of bombs are no more than one. */

export class BodyBudget {
  readonly #bytes: number
  #taken = 0

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes - this.#taken
  }

  /** For one request, which gives back what it took when it is answered. */
  open(): BodyLease {
    let own = 0
    return {
      take: (bytes) => {
        if (bytes > this.left) return false
        own += bytes
        this.#taken += bytes
        return true
      },
      release: () => {
        this.#taken -= own
        own = 0
      },
    }
  }
}

export interface BodyLease {
  /** False when there is no room. */
  take(bytes: number): boolean
  release(): void
}
