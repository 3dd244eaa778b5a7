/**
 * The process's logger: pino, JSON lines on stdout or readable ones, each with the trace, span, tenant and user it belongs to. What a line may say
 * is decided in `telling/`, for whoever logs: fields by their names, errors by their words.
 */
import { logFields } from '@rustok/telemetry'
import {
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type LogFn,
  type Logger,
  pino,
} from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { LogFormat, LogLevel } from './config.ts'
import { tellFields } from './telling/log-fields.ts'
import { tellError } from './telling/tell-error.ts'

export type { Logger }

/** Written synchronously: a line that was logged is there, also when the process ends right after it. */
export function createLogger(options: {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Where JSON lines go; stdout by default. */
  readonly destination?: DestinationStream
  /** False lets everything through, on a developer's own machine. */
  readonly redaction?: boolean
}): Logger {
  const destination =
    options.destination ??
    (options.format === 'pretty'
      ? PinoPretty({ sync: true, ignore: 'pid,hostname' })
      : pino.destination({ dest: 1, sync: true }))
  const common = {
    level: options.level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
  }
  if (options.redaction === false) {
    return pino({ ...common, mixin: logFields, formatters: { level } }, destination)
  }
  const log = pino(
    {
      ...common,
      mixin: logFields,
      formatters: { level, log: tellFields },
      serializers: { err: tellError },
      hooks: { logMethod: ownWords },
    },
    destination,
  )
  // Its children, and theirs, inherit it; pino's own formatter of bindings is asked for the first logger alone.
  const { child } = log
  log.child = function childOf<Levels extends string = never>(
    this: Logger,
    bindings: Bindings,
    options?: ChildLoggerOptions<Levels>,
  ) {
    return Reflect.apply(child, this, [tellFields(bindings), options]) as Logger<Levels>
  }
  return log
}

function level(label: string): { level: string } {
  return { level: label }
}

/** Pino would fill in values, and say what an error says where a line has no message of its own. */
function ownWords(this: Logger, [first, message]: Parameters<LogFn>, log: LogFn): void {
  if (typeof first === 'string') log.call(this, {}, first)
  else log.call(this, first instanceof Error ? { err: first } : first, message ?? 'an error')
}
