/** Whether a trace lies in the time in which a client says that it does: where it does not, it is not the trace that was asked for. */

import type { StoredSpan } from '../../store/stored-span.ts'

/** True when a span starts between the two, inclusive, in Unix nanoseconds; undefined is no bound. */
export function startedWithin(
  spans: readonly StoredSpan[],
  from: bigint | undefined,
  to: bigint | undefined,
): boolean {
  return spans.some(
    ({ startUnixNano }) =>
      (from === undefined || startUnixNano >= from) && (to === undefined || startUnixNano <= to),
  )
}
