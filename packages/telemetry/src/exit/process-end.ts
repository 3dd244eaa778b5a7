/**
 * Leaving in order, on every way out that Node knows: SIGTERM, SIGINT, an event loop that runs empty, process.exit() and what leads to it
 * (an uncaught exception, an unhandled rejection). The application's own handlers, its exit code and what Node prints are kept.
 *
 *   signal ──────▶ flush, asynchronously ─▶ the signal takes effect, or the application decides
 *   loop empty ──▶ flush, asynchronously ─▶ exit
 *   exit() ──────▶ `exit` event ─▶ deliver while the process waits ─▶ exit
 *   exception ───▶ noted on its span ─▶ `exit` event …
 */
import { Crashes } from './crashes.ts'

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
  /** Delivers what has not left while the caller waits, for at most `timeoutMs`. */
  deliverSync(timeoutMs: number): void
}

export interface LeavingOptions {
  readonly handleSignals?: boolean | undefined
  readonly handleExit?: boolean | undefined
}

export interface ProcessEnd {
  /** A shutdown has begun: the next signal meets the default action, or the application's handler. */
  closing(): void
  /** Nothing is left to deliver. */
  closed(): void
}

/** Milliseconds. */
export interface LeavingTimes {
  /** What a shutdown may take at most. */
  readonly shutdownTimeout: number
  /** What an exit may wait at most; within a shutdown no longer than that has left. */
  readonly exitTimeout: number
}

/** Registers for the process's end. */
export function onProcessEnd(
  leaving: Leaving,
  { shutdownTimeout, exitTimeout }: LeavingTimes,
  options: LeavingOptions,
): ProcessEnd {
  const atSignal = options.handleSignals === false ? undefined : handleSignals(leaving)
  let deadline = Number.POSITIVE_INFINITY
  /** A second signal, or the deadline of a shutdown that exit() cuts short, leaves less than an exit may take. */
  const exitMs = () => {
    if (atSignal?.again() === true) return 0
    return Math.max(0, Math.min(exitTimeout, shutdownTimeout, deadline - performance.now()))
  }
  const forgetExit = options.handleExit === false ? undefined : handleExit(leaving, exitMs)
  return {
    closing: () => {
      deadline = performance.now() + shutdownTimeout
      atSignal?.closing()
    },
    closed: () => {
      atSignal?.closed()
      forgetExit?.()
    },
  }
}

interface SignalsEnd {
  /** Whether a second signal has come to an application that handles it itself. */
  again(): boolean
  closing(): void
  closed(): void
}

function handleSignals({ flush, shutdown }: Leaving): SignalsEnd {
  let again = false
  let closed = false
  const first = signals.map((signal) =>
    // Once: a second signal meets the default action, or the application's handler, and exits at once.
    prependOnce(signal, () => {
      if (process.listenerCount(signal) === 0) {
        void shutdown().then(() => process.kill(process.pid, signal))
        return
      }
      // The application goes on for as long as it takes to finish its requests, which are traced; the rest is for its exit.
      void flush()
      setImmediate(noteSecond, signal).unref()
    }),
  )
  const second: (() => void)[] = []
  /** Only where a listener stays that keeps the default action away: ours must not be what keeps it. */
  const noteSecond = (signal: NodeJS.Signals) => {
    if (closed || process.listenerCount(signal) === 0) return
    const forget = prependOnce(signal, () => {
      again = true
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
    })
    second.push(forget)
  }
  const forgetAll = (forgets: readonly (() => void)[]) => {
    for (const forget of forgets) forget()
  }
  return {
    again: () => again,
    closing: () => forgetAll(first),
    closed: () => {
      closed = true
      forgetAll(second)
    },
  }
}

/** First in the list: whether the application has handlers is asked before those that run once are gone. */
function prependOnce(signal: NodeJS.Signals, listener: () => void): () => void {
  process.prependOnceListener(signal, listener)
  return () => process.off(signal, listener)
}

function handleExit({ flush, abandon, queued, deliverSync }: Leaving, exitMs: () => number): () => void {
  const crashes = new Crashes()
  const onException = (error: unknown) => crashes.note(error)
  // Flushing keeps the event loop busy, so this comes again, for what the application's own listeners do meanwhile. What cannot be delivered
  // in its time is given up: a request that waits for its answer would keep the process longer.
  const onBeforeExit = () => {
    if (queued() === 0) return
    void flush().then((inTime) => (inTime ? undefined : abandon()))
  }
  const onExit = () => {
    crashes.end()
    deliverSync(exitMs())
  }
  // A listener of `uncaughtException` would change what an exception does; the monitor only watches.
  process.on('uncaughtExceptionMonitor', onException)
  process.on('beforeExit', onBeforeExit)
  process.on('exit', onExit)
  return () => {
    process.off('uncaughtExceptionMonitor', onException)
    process.off('beforeExit', onBeforeExit)
    process.off('exit', onExit)
  }
}
