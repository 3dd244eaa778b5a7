/** How long a failed delivery waits: twice as long each time, up to a limit, and never exactly as long as the one beside it. */
export const RETRY_MS = { first: 500, most: 5 * 60_000 } as const

/** `attempts` that failed so far, from 1; `random` in [0, 1). Between half and all of the exponential delay. */
export function retryDelay(attempts: number, random = Math.random()): number {
  const full = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (attempts - 1))
  return Math.round(full * (0.5 + random / 2))
}
