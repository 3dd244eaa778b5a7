/**
 * Browsers' sessions: a cookie that stands for a token, so that script in a page never holds one. They live in memory: a restart ends them, and so does the
 * token's end. A cookie's own value is not kept either, only its hash.
 */

import { randomBytes } from 'node:crypto'
import { digestOf } from './token-book.ts'

/** A day's work. */
export const sessionSeconds = 12 * 60 * 60
/** Beyond it, the oldest ends. */
const mostSessions = 10_000

interface Session {
  readonly tokenDigest: Buffer
  readonly expires: number
}

export class Sessions {
  /** By the hash of their id, oldest first. */
  readonly #sessions = new Map<string, Session>()

  /** The id, for the cookie. */
  open(tokenDigest: Buffer): string {
    const id = randomBytes(32).toString('base64url')
    for (const [key, { expires }] of this.#sessions) {
      if (expires > Date.now() && this.#sessions.size < mostSessions) break
      this.#sessions.delete(key)
    }
    this.#sessions.set(keyOf(id), { tokenDigest, expires: Date.now() + sessionSeconds * 1000 })
    return id
  }

  /** The token that it was opened with. */
  find(id: string): Buffer | undefined {
    const session = this.#sessions.get(keyOf(id))
    return session !== undefined && session.expires > Date.now() ? session.tokenDigest : undefined
  }

  close(id: string): void {
    this.#sessions.delete(keyOf(id))
  }
}

function keyOf(id: string): string {
  return digestOf(id).toString('hex')
}
