/** Does what the parent did; asks where there is none, or one that leaves it open (specification: ParentBased). */
import type { SpanOptions, TraceState } from '@opentelemetry/api'
import type { TraceContext } from '../context/context.ts'
import { type SpanIdentity, sampledFlag } from '../trace/span-identity.ts'
import { type Decision, drop, dropIn, type HeadSampler, keep, keepIn } from './decision.ts'
import { keepsTrace, readOtMember, withThreshold } from './ot-member.ts'

/** Who is asked instead of following the parent. */
export interface ParentBasedDelegates {
  readonly remoteParentSampled?: HeadSampler
  readonly remoteParentNotSampled?: HeadSampler
  readonly localParentSampled?: HeadSampler
  readonly localParentNotSampled?: HeadSampler
}

export class ParentBasedSampler implements HeadSampler {
  readonly #root: HeadSampler
  readonly #delegates: ParentBasedDelegates
  readonly #followsAll: boolean

  constructor(root: HeadSampler, delegates: ParentBasedDelegates = {}) {
    this.#root = root
    this.#delegates = delegates
    this.#followsAll = Object.keys(delegates).length === 0
  }

  decide(
    parent: SpanIdentity | undefined,
    traceId0: number,
    traceId1: number,
    traceId2: number,
    traceId3: number,
    name: string,
    options: SpanOptions,
    context: TraceContext,
  ): Decision {
    if (parent === undefined || parent.isUndecided) {
      return this.#root.decide(undefined, traceId0, traceId1, traceId2, traceId3, name, options, context)
    }
    const delegate = this.#followsAll ? undefined : this.#delegateOf(parent)
    if (delegate !== undefined) {
      return delegate.decide(parent, traceId0, traceId1, traceId2, traceId3, name, options, context)
    }
    const sampled = (parent.traceFlags & sampledFlag) !== 0
    if (parent.traceState !== undefined && parent.isRemote) {
      return follow(parent.traceState, sampled, traceId2, traceId3)
    }
    return sampled ? keep : drop
  }

  #delegateOf(parent: SpanIdentity): HeadSampler | undefined {
    const delegates = this.#delegates
    const sampled = (parent.traceFlags & sampledFlag) !== 0
    if (parent.isRemote) return sampled ? delegates.remoteParentSampled : delegates.remoteParentNotSampled
    return sampled ? delegates.localParentSampled : delegates.localParentNotSampled
  }

  toString(): string {
    const delegates = Object.entries(this.#delegates).map(([name, sampler]) => `, ${name}=${sampler}`)
    return `ParentBased{root=${this.#root}${delegates.join('')}}`
  }
}

/** What a remote parent says of its probability is passed on when it agrees with its decision, and erased otherwise ("General requirements"). */
function follow(state: TraceState, sampled: boolean, traceId2: number, traceId3: number): Decision {
  const ot = readOtMember(state)
  const { threshold } = ot
  if (!ot.hasThreshold) return sampled ? keep : drop
  if (!sampled) return dropIn(withThreshold(state, undefined))
  if (threshold !== undefined && keepsTrace(threshold, ot, traceId2, traceId3)) return keep
  return keepIn(withThreshold(state, undefined))
}
