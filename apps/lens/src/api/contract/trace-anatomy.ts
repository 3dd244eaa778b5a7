/** One trace in short: what there is to say of it without its spans. */

import type { TraceSummary } from './search.ts'

/** GET /api/lens/traces/{traceId}/summary; 404 with a Problem when it is not stored. */
export interface TraceAnatomyResponse extends TraceSummary {
  /**
   * Time in which a span of the service ran and none of the span's children did, summed over its spans, largest first. Spans that run at
   * the same time each count, so that the sum may exceed the trace's duration.
   */
  readonly selfTimes: readonly { readonly service: string; readonly nanos: number }[]
  /** What the end of the root span waited for, earliest first, at most 200 stretches, the longest; together as long as the root span. */
  readonly criticalPath: readonly {
    readonly spanId: string
    readonly service: string
    readonly name: string
    readonly startUnixNano: string
    readonly durationNano: number
  }[]
  readonly criticalPathTruncated: boolean
  /** The earliest failed span, or where its failure came from: the deepest failed span below it. Absent when nothing failed. */
  readonly firstFailure?: {
    readonly spanId: string
    readonly service: string
    readonly name: string
    readonly message: string
    readonly startUnixNano: string
  }
  readonly oddities: {
    /** Distinct parents that are not stored. */
    readonly missingParents: number
    /** Spans that begin outside of their parent of another service: clocks differ, or the parent did not wait. */
    readonly skewed: number
    readonly endBeforeStart: number
    readonly inCycles: number
  }
  /** All that is above from `selfTimes` on is of so many spans, the first; fewer than `spanCount` beyond 200,000. */
  readonly spansRead: number
}
