/**
 * The head of tail sampling: asks the configured sampler, and opens a trace for each local root that is recorded. What a tenant's rate would
 * let go at the end anyway is let go here, where no error could save it: that costs nothing and spares the services behind.
 */
import type { SpanOptions } from '@opentelemetry/api'
import type { TraceContext } from '../../context/context.ts'
import { RecordingSpan } from '../../trace/recording-span.ts'
import type { SpanIdentity } from '../../trace/span-identity.ts'
import { type Decision, drop, type HeadSampler, keepAll, keepIn } from '../decision.ts'
import { stateOf } from '../ot-member.ts'
import type { Rate } from './outcome.ts'
import type { TailPolicy } from './policy.ts'
import type { TailStage } from './tail-stage.ts'

export class TailHeadSampler implements HeadSampler {
  readonly #head: HeadSampler
  readonly #stage: TailStage
  readonly #policy: TailPolicy
  readonly #byRate = new WeakMap<Rate, Decision>()

  constructor(head: HeadSampler, stage: TailStage, policy: TailPolicy) {
    this.#head = head
    this.#stage = stage
    this.#policy = policy
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
    let decision = this.#head.decide(parent, traceId0, traceId1, traceId2, traceId3, name, options, context)
    if (!decision.sampled || parent instanceof RecordingSpan) return decision
    if (parent === undefined && !this.#policy.keepsExceptions) {
      decision = this.#byTenant(decision, traceId2, traceId3, context.correlation?.tenantId)
      if (!decision.sampled) return decision
    }
    this.#stage.open(decision, parent, traceId0, traceId1, traceId2, traceId3)
    return decision
  }

  /** Of a trace that begins here. */
  #byTenant(decision: Decision, traceId2: number, traceId3: number, tenantId: string | undefined): Decision {
    if (tenantId === undefined) return decision
    const rate = this.#policy.rateFor(tenantId)
    if (rate.threshold?.keeps(traceId2, traceId3) !== true) return drop
    if (decision !== keepAll || rate.threshold.text === '0') return decision
    let kept = this.#byRate.get(rate)
    if (kept === undefined) {
      kept = keepIn(stateOf(rate.threshold))
      this.#byRate.set(rate, kept)
    }
    return kept
  }

  toString(): string {
    return `${this.#head}, then at the end of a trace`
  }
}
