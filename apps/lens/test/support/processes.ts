/** Lens's engine as a process among others, and waiting for what processes do. */

import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Of the engine's process: the only child that Lens has. NaN while it has none. */
export async function enginePid(lensPid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(lensPid)]).catch(() => ({
    stdout: 'none',
  }))
  return Number(stdout.trim())
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Polls for a state that is reached without us. The test's own timeout ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}
