/** The samplers that need nothing but the trace id and the parent. */
import type { SpanOptions } from '@opentelemetry/api'
import type { TraceContext } from '../context/context.ts'
import { type SpanIdentity, sampledFlag } from '../trace/span-identity.ts'
import { type Decision, drop, type HeadSampler, keep, keepAll } from './decision.ts'

const two32 = 2 ** 32
const two56 = 2 ** 56

/**
 * Keeps `ratio` of all traces, by the low 56 bits of the trace id, which level 2 of Trace Context declares random: every service
 * with the same or a higher ratio keeps the same traces (specification: TraceIdRatioBased, consistent probability sampling).
 */
export class TraceIdRatioSampler implements HeadSampler {
  readonly ratio: number
  readonly #threshold: number

  constructor(ratio: number) {
    this.ratio = ratio
    // The highest ids round up to 2^56, which a ratio of 0 must not keep.
    this.#threshold = ratio === 0 ? Number.POSITIVE_INFINITY : Math.round((1 - ratio) * two56)
  }

  decide(
    _parent: SpanIdentity | undefined,
    _traceId0: number,
    _traceId1: number,
    traceId2: number,
    traceId3: number,
  ): Decision {
    return (traceId2 & 0xff_ffff) * two32 + (traceId3 >>> 0) >= this.#threshold ? keepAll : drop
  }

  toString(): string {
    return `TraceIdRatioBased{${this.ratio}}`
  }
}

/** Does what the parent did; asks `root` where there is none. */
export class ParentBasedSampler implements HeadSampler {
  readonly #root: HeadSampler

  constructor(root: HeadSampler) {
    this.#root = root
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
    if (parent !== undefined && !parent.isUndecided) return (parent.traceFlags & sampledFlag) !== 0 ? keep : drop
    return this.#root.decide(parent, traceId0, traceId1, traceId2, traceId3, name, options, context)
  }

  toString(): string {
    return `ParentBased{root=${this.#root}}`
  }
}
