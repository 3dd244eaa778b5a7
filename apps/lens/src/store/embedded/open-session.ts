/** A chDB session on the engine's directory, with a mark of its own. The engine's process has one for each statement that runs at once. */

import { randomUUID } from 'node:crypto'
import { Session } from 'chdb'
import type { PooledSession } from './session-pool.ts'

export function openSession(directory: string, connectionArgs: readonly string[]): PooledSession {
  const session = new Session(directory, { connectionArgs })
  return { session, mark: randomUUID(), state: new Map<string, string>() }
}
