/** chDB sessions, each for one statement at a time: as many statements run at once as there are places, the rest wait in line. */

import type { Session } from 'chdb'
import type { SessionState } from './statement.ts'

export interface PooledSession {
  readonly session: Pick<Session, 'close' | 'queryAsync'>
  /** The setting log_comment of every statement of this session: by it, KILL QUERY finds the one that runs. */
  readonly mark: string
  readonly state: SessionState
}

export class SessionPool {
  readonly #open: () => PooledSession
  readonly #sessions = new Set<PooledSession>()
  /** A place outlives its session: one that could not be opened again is undefined, and whoever takes its place tries. */
  readonly #idle: (PooledSession | undefined)[] = []
  readonly #waiting: ((session: PooledSession | undefined) => void)[] = []

  /** Throws what `open` throws: then nothing is left open. */
  constructor(count: number, open: () => PooledSession) {
    this.#open = () => {
      const opened = open()
      this.#sessions.add(opened)
      return opened
    }
    try {
      for (let index = 0; index < count; index++) this.#idle.push(this.#open())
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** When `work` resolves or rejects, its statement has ended and nothing is about to stop it any more: the session is another's. */
  async use<Result>(work: (session: PooledSession) => Promise<Result>): Promise<Result> {
    let place = await this.#place()
    try {
      place ??= this.#open()
      return await work(place)
    } catch (error) {
      // chDB 3.4 puts what a failed statement had written already in front of the session's next result.
      if (place !== undefined) this.#drop(place)
      place = this.#reopened()
      throw error
    } finally {
      this.#release(place)
    }
  }

  close(): void {
    for (const session of this.#sessions) this.#drop(session)
  }

  #place(): Promise<PooledSession | undefined> {
    if (this.#idle.length > 0) return Promise.resolve(this.#idle.pop())
    return new Promise((take) => this.#waiting.push(take))
  }

  #release(place: PooledSession | undefined): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(place)
    else next(place)
  }

  /** Whatever closing says: what failed is reported already. */
  #drop(dropped: PooledSession): void {
    this.#sessions.delete(dropped)
    try {
      dropped.session.close()
    } catch {}
  }

  #reopened(): PooledSession | undefined {
    try {
      return this.#open()
    } catch {
      return undefined
    }
  }
}
