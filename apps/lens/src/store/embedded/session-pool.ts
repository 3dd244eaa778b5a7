/** chDB sessions, each for one statement at a time: as many statements run at once as there are sessions, the rest wait in line. */

import { randomUUID } from 'node:crypto'
import { Session } from 'chdb'
import type { SessionState } from './statement.ts'

export interface PooledSession {
  readonly session: Session
  /** The setting log_comment of every statement of this session: by it, KILL QUERY finds the one that runs. */
  readonly mark: string
  readonly state: SessionState
}

export class SessionPool {
  readonly #open: () => PooledSession
  readonly #sessions = new Set<PooledSession>()
  readonly #idle: PooledSession[] = []
  readonly #waiting: ((session: PooledSession) => void)[] = []

  constructor(directory: string, count: number, connectionArgs: readonly string[]) {
    this.#open = () => {
      const session = new Session(directory, { connectionArgs })
      const mark = randomUUID()
      const opened = { session, mark, state: new Map<string, string>() }
      this.#sessions.add(opened)
      return opened
    }
    for (let index = 0; index < count; index++) this.#idle.push(this.#open())
  }

  /** When `work` resolves or rejects, its statement has ended and nothing is about to stop it any more: the session is another's. */
  async use<Result>(work: (session: PooledSession) => Promise<Result>): Promise<Result> {
    const pooled = this.#idle.pop() ?? (await new Promise<PooledSession>((take) => this.#waiting.push(take)))
    try {
      const result = await work(pooled)
      this.#release(pooled)
      return result
    } catch (error) {
      // chDB 3.4 puts what a failed statement had written already in front of the session's next result.
      this.#sessions.delete(pooled)
      pooled.session.close()
      this.#release(this.#open())
      throw error
    }
  }

  close(): void {
    for (const { session } of this.#sessions) session.close()
  }

  #release(session: PooledSession): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(session)
    else next(session)
  }
}
