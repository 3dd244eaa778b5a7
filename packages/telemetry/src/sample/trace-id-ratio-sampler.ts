/** Keeps a share of all traces (specification: TraceIdRatioBased, by the algorithm of ProbabilitySampler). */
import type { TraceState } from '@opentelemetry/api'
import type { SpanIdentity } from '../trace/span-identity.ts'
import { type Decision, drop, dropIn, type HeadSampler, keepAll, keepIn } from './decision.ts'
import { keepsTrace, readOtMember, stateOf, withThreshold } from './ot-member.ts'
import { Threshold } from './threshold.ts'

/**
 * By the low 56 bits of the trace id, which level 2 of Trace Context declares random, or by what tracestate gives in their place: every
 * service with the same or a higher ratio keeps the same traces. What is kept says with which probability, so that counts can be scaled back.
 */
export class TraceIdRatioSampler implements HeadSampler {
  #ratio = 0
  /** Undefined keeps none. */
  #threshold: Threshold | undefined
  /** For spans without an inherited state. */
  #keep = keepAll

  constructor(ratio: number) {
    this.ratio = ratio
  }

  get ratio(): number {
    return this.#ratio
  }

  /** May change while spans start. */
  set ratio(ratio: number) {
    const threshold = Threshold.ofProbability(ratio)
    this.#ratio = ratio
    this.#threshold = threshold
    this.#keep =
      threshold === undefined || threshold === Threshold.zero ? keepAll : keepIn(stateOf(threshold))
  }

  decide(
    parent: SpanIdentity | undefined,
    _traceId0: number,
    _traceId1: number,
    traceId2: number,
    traceId3: number,
  ): Decision {
    const threshold = this.#threshold
    if (parent !== undefined && parent.traceState !== undefined) {
      return decideWithin(parent.traceState, threshold, traceId2, traceId3)
    }
    return threshold?.keeps(traceId2, traceId3) === true ? this.#keep : drop
  }

  toString(): string {
    return `TraceIdRatioBased{${this.#ratio}}`
  }
}

function decideWithin(
  state: TraceState,
  threshold: Threshold | undefined,
  traceId2: number,
  traceId3: number,
): Decision {
  const ot = readOtMember(state)
  if (threshold !== undefined && keepsTrace(threshold, ot, traceId2, traceId3)) {
    if (threshold === Threshold.zero && !ot.hasThreshold) return keepAll
    return keepIn(withThreshold(state, threshold))
  }
  return ot.hasThreshold ? dropIn(withThreshold(state, undefined)) : drop
}
