/**
 * The life of a process that serves: the first SIGTERM or SIGINT (or the end of the parent that it was forked by) stops it in order; the
 * second exits at once. `serve` and `worker` run by it.
 */
import { constants } from 'node:os'
import type { Logger } from '../log.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** `stop` resolves with whether all ended well and in time. */
export function runUntilStopped(log: Logger, stop: () => Promise<boolean>): void {
  let stopping = false
  const end = async (reason: string, exitCode: number) => {
    if (stopping) return
    stopping = true
    log.info({ reason }, 'shutting down')
    const clean = await stop()
    log.info({ clean }, 'stopped')
    process.exit(clean ? exitCode : 1)
  }
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (stopping) process.exit(128 + constants.signals[signal])
      void end(signal, 0)
    })
  }
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception')
    void end('uncaught exception', 1)
  })
  if (process.send !== undefined) process.once('disconnect', () => void end('parent disconnected', 0))
}
