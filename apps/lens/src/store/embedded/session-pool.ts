/** chDB sessions, each for one statement at a time: as many statements run at once as there are sessions, the rest wait in line. */

import { Session } from 'chdb'

export class SessionPool {
  readonly #idle: Session[] = []
  readonly #all: Session[] = []
  readonly #waiting: ((session: Session) => void)[] = []

  constructor(directory: string, count: number, connectionArgs: readonly string[]) {
    for (let index = 0; index < count; index++) {
      const session = new Session(directory, { connectionArgs })
      this.#all.push(session)
      this.#idle.push(session)
    }
  }

  async use<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const session = this.#idle.pop() ?? (await new Promise<Session>((take) => this.#waiting.push(take)))
    try {
      return await work(session)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#idle.push(session)
      else next(session)
    }
  }

  close(): void {
    for (const session of this.#all) session.close()
  }
}
