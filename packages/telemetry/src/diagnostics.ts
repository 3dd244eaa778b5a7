/**
 * What this package says about itself: through the API's `diag`, to standard error, each kind of message at most once in ten
 * seconds with the number of repetitions. An application's own diag logger is left in place.
 */
import { Console } from 'node:console'
import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api'
import type { LogLevel } from './config/general.ts'

const levels: Record<LogLevel, DiagLogLevel> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
}

const repeatAfterMs = 10_000
/** Messages that differ in figures alone are of one kind. */
const figures = /\d+/g
const maxKinds = 256

let ours: unknown

/** Registers the logger at this level, unless the application has one of its own. The last call counts. */
export function enableDiagnostics(level: LogLevel): void {
  const registered = registeredLogger()
  if (registered !== undefined && registered !== ours) return
  if (level === 'none') {
    if (registered !== undefined) diag.disable()
    return
  }
  diag.setLogger(new StderrLogger(), { logLevel: levels[level], suppressOverrideMessage: true })
  ours = registeredLogger()
}

/** What the API calls: the logger that was set, behind a filter by level of the API's own. */
function registeredLogger(): unknown {
  const api = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')]
  return typeof api === 'object' && api !== null && 'diag' in api ? api.diag : undefined
}

class StderrLogger implements DiagLogger {
  readonly #seen = new Map<string, { at: number; suppressed: number }>()

  error(message: string, ...args: unknown[]): void {
    this.#write('error', message, args)
  }

  warn(message: string, ...args: unknown[]): void {
    this.#write('warning', message, args)
  }

  info(message: string, ...args: unknown[]): void {
    this.#write('info', message, args)
  }

  debug(message: string, ...args: unknown[]): void {
    this.#write('debug', message, args)
  }

  verbose(message: string, ...args: unknown[]): void {
    this.#write('verbose', message, args)
  }

  #write(level: string, message: string, args: readonly unknown[]): void {
    const kind = level + String(message).replace(figures, '#')
    const now = performance.now()
    const seen = this.#seen.get(kind)
    if (seen !== undefined && now - seen.at < repeatAfterMs) {
      seen.suppressed++
      return
    }
    if (this.#seen.size >= maxKinds) this.#seen.clear()
    this.#seen.set(kind, { at: now, suppressed: 0 })
    const again = seen !== undefined && seen.suppressed > 0 ? ` (and ${seen.suppressed} times more)` : ''
    const detail = args.map((arg) => ` ${describe(arg)}`).join('')
    // Unlike a plain write, the console's is no uncaught exception when nobody reads standard error any more (EPIPE).
    new Console(process.stderr).error(`rustok-telemetry ${level}: ${message}${detail}${again}`)
  }
}

function describe(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value)
  } catch {
    return 'a value that cannot be shown'
  }
}
