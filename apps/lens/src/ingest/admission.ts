/** Judges the spans of a request one by one: those that no query could find are refused, and the sender is told how many and why. */

/**
 * Why a span with these ids is refused, which lie in `view`; undefined for one that can be kept.
 * https://opentelemetry.io/docs/specs/otlp/#partial-success
 */
export function idRefusal(
  view: DataView,
  traceId: number,
  traceIdLength: number,
  spanId: number,
  spanIdLength: number,
  parentLength: number,
): string | undefined {
  if (traceIdLength !== 16) return `traceId of ${traceIdLength} bytes instead of 16`
  if (isZero(view, traceId, 16)) return 'traceId of zeros'
  if (spanIdLength !== 8) return `spanId of ${spanIdLength} bytes instead of 8`
  if (isZero(view, spanId, 8)) return 'spanId of zeros'
  if (parentLength !== 0 && parentLength !== 8) return `parentSpanId of ${parentLength} bytes instead of 8`
  return undefined
}

function isZero(view: DataView, start: number, count: number): boolean {
  for (let at = start; at < start + count; at += 4) if (view.getInt32(at, true) !== 0) return false
  return true
}

/** Of more than these, each with a length of its own, the sender is told the sum. */
const mostReasons = 20

/** Counts refusals by reason. */
export class Refusals {
  readonly #counts = new Map<string, number>()
  count = 0

  add(reason: string): void {
    this.count++
    const known = this.#counts.get(reason)
    const counted =
      known !== undefined || this.#counts.size < mostReasons ? reason : 'bad id of another length'
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1)
  }

  /** How many were refused for each field of theirs. */
  *byField(): Iterable<readonly [string, number]> {
    for (const [reason, count] of this.#counts) yield [/^\w+Id\b/.exec(reason)?.[0] ?? 'other', count]
  }

  /** Empty when there were none. */
  get message(): string {
    return [...this.#counts].map(([reason, count]) => `${count} with a ${reason}`).join(', ')
  }
}
