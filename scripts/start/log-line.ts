/** Reads a line of a service's output: pino's JSON, or whatever else a process says. The terminal shows it in one line. */

export type Severity = 'info' | 'warning' | 'error'

export interface LogLine {
  readonly severity: Severity
  readonly text: string
}

export function readLogLine(line: string, from: 'stdout' | 'stderr'): LogLine {
  const record = parseRecord(line)
  // Nobody writes to stderr to say that all is well.
  if (record === undefined) return { severity: from === 'stderr' ? 'error' : 'info', text: line }
  const detail = errorMessage(record.err)
  const message = typeof record.msg === 'string' ? record.msg : ''
  const text = detail === undefined || message.includes(detail) ? message : `${message}: ${detail}`
  return { severity: severityOf(record.level), text: text === '' ? line : oneLine(text) }
}

interface PinoRecord {
  readonly level: unknown
  readonly msg?: unknown
  readonly err?: unknown
}

function parseRecord(line: string): PinoRecord | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const record: unknown = JSON.parse(line)
    return typeof record === 'object' && record !== null && 'level' in record ? record : undefined
  } catch {
    return undefined
  }
}

/** Pino writes numbers unless told to write names. */
function severityOf(level: unknown): Severity {
  if (level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50)) return 'error'
  if (level === 'warn' || level === 40) return 'warning'
  return 'info'
}

function errorMessage(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined
  return typeof error.message === 'string' && error.message !== '' ? error.message : undefined
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
