/** The assertion of the test kit. */
import type { CapturedSpans } from './captured-spans.ts'
import { compareTraces, isFaulty } from './compare-traces.ts'
import { type ExpectedTrace, readExpected } from './expected-trace.ts'
import { formatDiff } from './trace-diff.ts'

/** `code` is the one of `node:assert`, by which test runners tell a failed test from a broken one. */
export class TraceAssertionError extends Error {
  override readonly name = 'TraceAssertionError'
  readonly code = 'ERR_ASSERTION'
}

/**
 * Fails unless the captured trees are the expected ones: each span once, below its parent, siblings in any order, and no further ones but
 * where the expectation says so. See expected-trace.ts for its forms.
 *
 * @throws TraceAssertionError with both trees side by side and each difference in words.
 * @throws SyntaxError for a text that cannot be read.
 */
export function assertTrace(spans: CapturedSpans, expected: ExpectedTrace): void {
  const rows = compareTraces(readExpected(expected), spans.roots)
  const faulty = rows.filter(isFaulty).length
  if (faulty === 0) return
  const count = faulty === 1 ? '1 span differs' : `${faulty} spans differ`
  const error = new TraceAssertionError(
    `The trace is not the expected one: ${count}\n\n${formatDiff(rows)}\n${hint(spans)}`,
  )
  Error.captureStackTrace(error, assertTrace)
  throw error
}

function hint({ length, unended }: CapturedSpans): string {
  if (unended > 0) {
    const spans =
      unended === 1 ? '1 span has begun and not ended' : `${unended} spans have begun and not ended`
    return `\n${spans}: only what has ended is captured.\n`
  }
  if (length === 0) return '\nNo span was captured: did the work run inside of captureSpans?\n'
  return ''
}
