/** chDB sessions, each for one statement at a time: as many statements run at once as there are sessions, the rest wait in line. */

import { Session } from 'chdb'

export class SessionPool {
  readonly #open: () => Session
  readonly #sessions = new Set<Session>()
  readonly #idle: Session[] = []
  readonly #waiting: ((session: Session) => void)[] = []

  constructor(directory: string, count: number, connectionArgs: readonly string[]) {
    this.#open = () => {
      const session = new Session(directory, { connectionArgs })
      this.#sessions.add(session)
      return session
    }
    for (let index = 0; index < count; index++) this.#idle.push(this.#open())
  }

  async use<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const session = this.#idle.pop() ?? (await new Promise<Session>((take) => this.#waiting.push(take)))
    try {
      const result = await work(session)
      this.#release(session)
      return result
    } catch (error) {
      // chDB 3.4 puts what a failed statement had written already in front of the session's next result.
      this.#sessions.delete(session)
      session.close()
      this.#release(this.#open())
      throw error
    }
  }

  close(): void {
    for (const session of this.#sessions) session.close()
  }

  #release(session: Session): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(session)
    else next(session)
  }
}
