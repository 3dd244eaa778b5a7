/**
 * Ends a server in the order that loses nothing: no new requests, then the open ones, the events they caused, the spans of all of that,
 * and last the database that they needed. Each step has until a fixed time after the signal, so that one that hangs takes nothing from
 * the next.
 */
import type { Logger } from './log.ts'
import type { RunningServer } from './start.ts'
import { told } from './telling/told.ts'

/** What ends, of a server or of a worker. */
export type Stoppable = Pick<
  RunningServer,
  'app' | 'events' | 'retention' | 'readiness' | 'database' | 'payments'
>

/** Milliseconds after the signal by which each step must be done. Orchestrators kill after 30 s, Docker after 10 s. */
const REQUESTS_BY = 5_000
const EVENTS_BY = 7_000
const TELEMETRY_BY = 9_000
const DATABASE_BY = 9_900

interface Step {
  readonly name: string
  readonly by: number
  /** `timeoutMs` is what is left for it. */
  run(timeoutMs: number): Promise<void>
}

/** Resolves with whether everything ended well and in time; what did not is in the log. Never rejects. */
export async function stopServer(
  server: Stoppable,
  flushTelemetry: () => Promise<void>,
  log: Logger,
): Promise<boolean> {
  const signalled = performance.now()
  server.readiness.stop()
  const steps: Step[] = [
    { name: 'requests', by: REQUESTS_BY, run: () => closeApp(server) },
    { name: 'events', by: EVENTS_BY, run: (timeoutMs) => endEvents(server, timeoutMs) },
    { name: 'telemetry', by: TELEMETRY_BY, run: flushTelemetry },
    { name: 'database', by: DATABASE_BY, run: () => server.database.close() },
  ]
  let clean = true
  for (const step of steps) {
    const timeoutMs = Math.max(0, step.by - (performance.now() - signalled))
    const failure = await failureOf(step, timeoutMs)
    if (failure === undefined) continue
    clean = false
    log.error({ step: step.name, err: failure }, 'shutdown: a step did not end as it should')
    if (step.name === 'requests') server.app.server.closeAllConnections()
  }
  return clean
}

/** `close` ends the connections that are idle when it is called, and leaves those open that get their last answer after it. */
async function closeApp({ app }: Stoppable): Promise<void> {
  const reaper = setInterval(() => app.server.closeIdleConnections(), 20)
  try {
    await app.close()
  } finally {
    clearInterval(reaper)
  }
}

async function endEvents({ events, retention, payments }: Stoppable, timeoutMs: number): Promise<void> {
  const [left] = await Promise.all([events.stop(timeoutMs), retention.stop()])
  await payments.close()
  if (left > 0) throw new Error(told(`${left} events were still being handled`))
}

async function failureOf(step: Step, timeoutMs: number): Promise<Error | undefined> {
  const timeout = Promise.withResolvers<never>()
  // The step's own timeout, where it has one, tells more: it goes first.
  const timer = setTimeout(
    () => timeout.reject(new Error(told(`${step.name} took too long`))),
    timeoutMs + 50,
  )
  try {
    await Promise.race([step.run(timeoutMs), timeout.promise])
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    clearTimeout(timer)
  }
}
