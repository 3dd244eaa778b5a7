/**
 * A file of traces as Lens takes it: OTLP or Jaeger JSON as it is, and lines of OTLP JSON, as the Collector's file exporter writes them, joined to
 * one. What cannot be read is said with the place in the file. Called by whatever takes a dropped file.
 */

/** As POST /api/lens/traces has it. */
export const LARGEST_FILE = 16 * 1024 * 1024

export class TraceFileError extends Error {
  override readonly name = 'TraceFileError'
}

/** The body to send. Throws TraceFileError, for a reader. */
export function traceFileBody(text: string): string {
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  if (trimmed === '') throw new TraceFileError('The file is empty.')
  if (!/^[[{]/.test(trimmed)) {
    throw new TraceFileError(
      'This is no JSON. Lens opens traces as OTLP JSON or as Jaeger’s UI downloads them.',
    )
  }
  const lines = trimmed.split(/\r?\n/)
  // One value of many lines ends with its last one; lines of values are each whole.
  if (lines.length === 1 || !isJson(lines[0]!)) {
    const problem = problemOf(trimmed)
    if (problem !== undefined) throw new TraceFileError(`The JSON is broken: ${problem}`)
    return trimmed
  }
  return JSON.stringify({ resourceSpans: lines.flatMap(resourceSpansOf) })
}

function resourceSpansOf(line: string, index: number): readonly unknown[] {
  if (line.trim() === '') return []
  const problem = problemOf(line)
  if (problem !== undefined) throw new TraceFileError(`The JSON of line ${index + 1} is broken: ${problem}`)
  const { resourceSpans = [] } = Object(JSON.parse(line)) as { readonly resourceSpans?: unknown }
  if (!Array.isArray(resourceSpans))
    throw new TraceFileError(`resourceSpans of line ${index + 1} is no list.`)
  return resourceSpans
}

function isJson(text: string): boolean {
  return problemOf(text) === undefined
}

/** What the parser says of it; undefined for JSON. */
function problemOf(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
