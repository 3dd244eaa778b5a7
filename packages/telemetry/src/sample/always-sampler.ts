/** The samplers that ask nobody (specification: AlwaysOn, AlwaysOff). */
import type { SpanIdentity } from '../trace/span-identity.ts'
import { type Decision, drop, dropIn, type HeadSampler, keepAll, keepIn } from './decision.ts'
import { readOtMember, withThreshold } from './ot-member.ts'
import { Threshold } from './threshold.ts'

/**
 * Keeps every span. A probability of 1 is not written down where the parent's state does not claim another one: the specification leaves it
 * open, and it would cost every span and every request a header.
 */
export class AlwaysOnSampler implements HeadSampler {
  decide(parent: SpanIdentity | undefined): Decision {
    const state = parent?.traceState
    if (state === undefined || !readOtMember(state).hasThreshold) return keepAll
    return keepIn(withThreshold(state, Threshold.zero))
  }

  toString(): string {
    return 'AlwaysOnSampler'
  }
}

export class AlwaysOffSampler implements HeadSampler {
  decide(parent: SpanIdentity | undefined): Decision {
    const state = parent?.traceState
    if (state === undefined || !readOtMember(state).hasThreshold) return drop
    return dropIn(withThreshold(state, undefined))
  }

  toString(): string {
    return 'AlwaysOffSampler'
  }
}
