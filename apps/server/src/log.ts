/** The process's logger: pino, JSON lines on stdout or readable ones, each with the trace, span, tenant and user it belongs to. */
import { logFields } from '@rustok/telemetry'
import { type DestinationStream, type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { LogFormat, LogLevel } from './config.ts'

export type { Logger }

/** Written synchronously: a line that was logged is there, also when the process ends right after it. */
export function createLogger(options: {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Where JSON lines go; stdout by default. */
  readonly destination?: DestinationStream
}): Logger {
  const destination =
    options.destination ??
    (options.format === 'pretty'
      ? PinoPretty({ sync: true, ignore: 'pid,hostname' })
      : pino.destination({ dest: 1, sync: true }))
  return pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      mixin: logFields,
    },
    destination,
  )
}
