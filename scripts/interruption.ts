/**
 * Requests to end: Ctrl-C, `kill`, a closed terminal, and the death of run.mjs, which is seen as the end of its channel.
 * Scripts that have something to stop listen here.
 */
import { constants } from 'node:os'

export interface Interruption {
  /** What shells report for a program that this ended. */
  readonly exitCode: number
}

/**
 * `first` asks for an orderly end, `again` for an immediate one. A lost channel asks once: it says that nobody is left to
 * press a key, not that somebody is impatient.
 */
export function onInterruption(
  first: (interruption: Interruption) => void,
  again: (interruption: Interruption) => void,
): void {
  let interrupted = false
  const interrupt = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void => {
    const handle = interrupted ? again : first
    interrupted = true
    handle({ exitCode: 128 + constants.signals[signal] })
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt)
  process.on('disconnect', () => {
    if (!interrupted) interrupt('SIGTERM')
  })
  // Listening to the channel would keep the process alive for as long as it is open.
  process.channel?.unref()
}
