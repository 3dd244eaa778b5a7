/**
 * How many traces came since a search was asked, so that they can be announced rather than pushed in under the reader's eyes. Called by the
 * results.
 */
import type { TraceSummary } from 'rustok-lens/contract'
import { unixMillis } from './time.ts'

/** Senders batch their spans: a trace that began so long before the search may have come after it. */
export const LATE_MS = 30_000

export interface Asked {
  /** When, in Unix milliseconds. */
  readonly at: number
  readonly ids: ReadonlySet<string>
  /** Newest first: where the last loaded trace began, what is before it is only not loaded. Undefined when all are loaded, or in another order. */
  readonly reaches: number | undefined
}

/** Of the newest traces since `at - LATE_MS`, those that the search had not found. */
export function freshTraces(newest: readonly TraceSummary[], { at, ids, reaches }: Asked): number {
  const since = Math.max(at - LATE_MS, reaches ?? 0)
  return newest.filter((trace) => !ids.has(trace.traceId) && unixMillis(trace.startUnixNano) >= since).length
}
