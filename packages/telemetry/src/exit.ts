/**
 * Leaving in order: spans are flushed on SIGTERM, SIGINT and when the event loop runs empty. The application's own handlers and
 * exit codes are kept: with handlers of its own it decides when to exit; without, the signal takes effect after the flush.
 */

const signals = ['SIGTERM', 'SIGINT'] as const

/** Calls `flush` at the process's end; the returned function undoes the registration. */
export function onProcessEnd(flush: () => Promise<void>): () => void {
  const handlers = signals.map((signal) => {
    // `once`: a second signal meets the default action, or the application's handler, and exits at once.
    const handler = () => {
      const alone = process.listenerCount(signal) === 0
      void flush().then(() => {
        if (alone) process.kill(process.pid, signal)
      })
    }
    process.once(signal, handler)
    return { signal, handler }
  })
  const beforeExit = () => void flush()
  process.once('beforeExit', beforeExit)
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler)
    process.off('beforeExit', beforeExit)
  }
}
