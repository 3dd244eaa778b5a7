/**
 * Which tokens passed which condition, and in which parts of `spans` they were looked for: a part never changes, so that only those that came since are looked through
 * again. A page that asks four questions at once has the first one look.
 */

import type { KnownTokens } from './binder.ts'

/** Of some 100 kB at most. */
const mostConditions = 64

export interface Remembered {
  readonly parts: ReadonlySet<string>
  /** Of these parts and perhaps others: a token too many finds nothing more. */
  readonly tokens: Promise<KnownTokens>
}

export class TokenMemory {
  readonly #conditions = new Map<string, Remembered>()

  get(key: string): Remembered | undefined {
    return this.#conditions.get(key)
  }

  /** Until others have been asked for since. What fails, or is not known of all `owners`, is forgotten. */
  set(key: string, remembered: Remembered, isWhole: (tokens: KnownTokens) => boolean): void {
    // The newest last.
    this.#conditions.delete(key)
    this.#conditions.set(key, remembered)
    const [oldest] = this.#conditions.keys()
    if (this.#conditions.size > mostConditions && oldest !== undefined) this.#conditions.delete(oldest)
    const forget = () => {
      if (this.#conditions.get(key) === remembered) this.#conditions.delete(key)
    }
    remembered.tokens.then((tokens) => {
      if (!isWhole(tokens)) forget()
    }, forget)
  }
}
