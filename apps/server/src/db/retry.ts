/**
 * Runs again what failed and is safe to repeat, a few times within half a second: enough for connections that a restart broke and for the loser of
 * a deadlock, too short to pile requests up on a database that is gone.
 */
import { setTimeout } from 'node:timers/promises'
import { DatabaseUnavailable } from './database-errors.ts'

/** Milliseconds before each further attempt, on average. */
const DELAYS = [10, 100, 300]

/** What is exhausted or slow gets no better by more of it. */
export function isSafeToRepeat(error: unknown): boolean {
  if (!(error instanceof DatabaseUnavailable) || error.mayHaveCommitted) return false
  return error.reason === 'unreachable' || error.reason === 'conflict'
}

export async function withRetries<T>(
  attempt: () => Promise<T>,
  isRepeatable: (error: unknown) => boolean,
): Promise<T> {
  for (const delay of DELAYS) {
    try {
      return await attempt()
    } catch (error) {
      if (!isRepeatable(error)) throw error
      // Two that collided must not meet again.
      await setTimeout(delay * (0.5 + Math.random()))
    }
  }
  return attempt()
}
