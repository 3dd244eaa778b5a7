/**
 * Leaving in order: spans are flushed on SIGTERM, SIGINT and when the event loop runs empty. The application's own handlers and
 * exit codes are kept: with handlers of its own it decides when to exit; without, the signal takes effect after the flush.
 */

const signals = ['SIGTERM', 'SIGINT'] as const

export interface Leaving {
  /** Delivers what has ended; more may follow. */
  flush(): Promise<void>
  /** Delivers what has ended and stops. */
  shutdown(): Promise<void>
  /** Spans that have not left yet. */
  queued(): number
}

/** Registers for the process's end; the returned function undoes it. */
export function onProcessEnd({ flush, shutdown, queued }: Leaving): () => void {
  const handlers = signals.map((signal) => {
    // `once`: a second signal meets the default action, or the application's handler, and exits at once.
    const handler = () => {
      const alone = process.listenerCount(signal) === 0
      void shutdown().then(() => {
        if (alone) process.kill(process.pid, signal)
      })
    }
    process.once(signal, handler)
    return { signal, handler }
  })
  // Flushing keeps the event loop busy, so this comes again; what could not be delivered the first time is given up.
  let flushed = 0
  const beforeExit = () => {
    const left = queued()
    if (left === 0) return
    void (left === flushed ? shutdown() : flush())
    flushed = left
  }
  process.on('beforeExit', beforeExit)
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler)
    process.off('beforeExit', beforeExit)
  }
}
