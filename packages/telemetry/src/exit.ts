/**
 * Leaving in order: spans are flushed on SIGTERM, SIGINT and when the event loop runs empty. The application's own handlers and
 * exit codes are kept: with handlers of its own it decides when to exit; without, the signal takes effect after the flush.
 */

const signals = ['SIGTERM', 'SIGINT'] as const

export interface Leaving {
  /** Delivers what has ended; more may follow. False when the time did not suffice. */
  flush(): Promise<boolean>
  /** Delivers what has ended and stops. */
  shutdown(): Promise<void>
  /** Stops at once. */
  abandon(): Promise<void>
  /** Spans that have not left yet. */
  queued(): number
}

/** Registers for the process's end; the returned function undoes it. */
export function onProcessEnd({ flush, shutdown, abandon, queued }: Leaving): () => void {
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
  // Flushing keeps the event loop busy, so this comes again, for what the application's own listeners do meanwhile. What cannot be delivered
  // in its time is given up: a request that waits for its answer would keep the process longer.
  const beforeExit = () => {
    if (queued() === 0) return
    void flush().then((inTime) => (inTime ? undefined : abandon()))
  }
  process.on('beforeExit', beforeExit)
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler)
    process.off('beforeExit', beforeExit)
  }
}
