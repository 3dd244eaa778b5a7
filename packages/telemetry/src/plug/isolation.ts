/**
 * Calls into code that is plugged in: whatever it throws, rejects or forgets to answer stays there, is said once in a while, and costs at most
 * a stated time.
 */

import { outside } from '../export/outside.ts'
import { diag } from '../own-diag.ts'

/** Runs `work`, which may be asynchronous although it should not; `what` names it when it fails. */
export function isolated(what: () => string, work: () => unknown): void {
  const failed = (cause: unknown) => diag.error(`${what()} failed; the application is not affected`, cause)
  try {
    const returned = work()
    // Nobody else sees its rejection, which would end the process.
    if (isPromiseLike(returned)) returned.then(undefined, failed)
  } catch (cause) {
    failed(cause)
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** Waits for what `work` returns, for at most `timeoutMs`; never rejects. True when it succeeded in time. */
export async function settledWithin(what: string, timeoutMs: number, work: () => unknown): Promise<boolean> {
  const deadline = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => {
    diag.error(`${what} did not finish within ${timeoutMs} ms and is not waited for any longer`)
    deadline.resolve(false)
  }, timeoutMs)
  const done = (async () => {
    try {
      await outside(work)
      return true
    } catch (cause) {
      diag.error(`${what} failed`, cause)
      return false
    }
  })()
  const inTime = await Promise.race([done, deadline.promise])
  clearTimeout(timer)
  return inTime
}

/** How messages call it. */
export function nameOf(plugged: unknown): string {
  try {
    return (plugged as object).constructor.name || 'a plug'
  } catch {
    return 'a plug'
  }
}
