/**
 * Says in a kept span with which probability it was kept (`ot=th` of its tracestate), so that counts can be scaled back: the lower of what
 * the head and the tail had. Where the head's is not known, nothing is said.
 */
import { replaceTraceState } from '@rustok/otlp'
import { parseTracestate } from '../../context/trace-state.ts'
import { readOtMember, withThreshold } from '../ot-member.ts'
import type { Kept } from './outcome.ts'

export class ProbabilityWriter {
  // The spans of a trace mostly have the same state, and those of traces without a parent none: one answer serves them all.
  #kept: Kept | undefined
  #certain = false
  #before = ''
  #after = ''

  /** `certain`: the head keeps all, so that a span without a probability has that of 1. */
  write(kept: Kept, certain: boolean, span: Uint8Array): Uint8Array {
    if (kept.threshold === 'as it is') return span
    return replaceTraceState(span, (text) => {
      if (text !== this.#before || kept !== this.#kept || certain !== this.#certain) {
        this.#kept = kept
        this.#certain = certain
        this.#before = text
        this.#after = stateAfter(kept, certain, text)
      }
      return this.#after
    })
  }
}

function stateAfter({ threshold }: Kept, certain: boolean, text: string): string {
  const state = parseTracestate(text)
  const head = readOtMember(state)
  if (threshold === 'as it is') return text
  if (threshold === 'unknown') {
    return head.hasThreshold ? withThreshold(state, undefined).serialize() : text
  }
  if (!head.hasThreshold) return certain ? withThreshold(state, threshold).serialize() : text
  if (head.threshold === undefined || !threshold.isAbove(head.threshold)) return text
  return withThreshold(state, threshold).serialize()
}
