/** Judges the spans of a request one by one: those that no query could find are refused, and the sender is told how many and why. */

import type { Span } from '@rustok/otlp'

/** Why a span is refused; undefined for one that can be kept. https://opentelemetry.io/docs/specs/otlp/#partial-success */
export function refusal(span: Span): string | undefined {
  if (span.traceId.length !== 16) return `traceId of ${span.traceId.length} bytes instead of 16`
  if (isZero(span.traceId)) return 'traceId of zeros'
  if (span.spanId.length !== 8) return `spanId of ${span.spanId.length} bytes instead of 8`
  if (isZero(span.spanId)) return 'spanId of zeros'
  const parent = span.parentSpanId.length
  if (parent !== 0 && parent !== 8) return `parentSpanId of ${parent} bytes instead of 8`
  return undefined
}

function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false
  return true
}

/** Counts refusals by reason. */
export class Refusals {
  readonly #counts = new Map<string, number>()
  count = 0

  add(reason: string): void {
    this.count++
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }

  /** Empty when there were none. */
  get message(): string {
    return [...this.#counts].map(([reason, count]) => `${count} with a ${reason}`).join(', ')
  }
}
