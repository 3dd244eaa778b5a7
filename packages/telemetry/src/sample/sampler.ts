/**
 * Head samplers: whether a span is recorded, decided when it starts, from what costs nothing to know then. The tracer calls
 * one for every span, so they take the trace id as integers and return a boolean.
 */
import { type SpanIdentity, sampledFlag } from '../trace/span-identity.ts'

export interface HeadSampler {
  /** `traceId2` and `traceId3` are the low 64 bits of the trace id. */
  shouldSample(parent: SpanIdentity | undefined, traceId2: number, traceId3: number): boolean
  toString(): string
}

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

  shouldSample(_parent: SpanIdentity | undefined, traceId2: number, traceId3: number): boolean {
    return (traceId2 & 0xff_ffff) * two32 + (traceId3 >>> 0) >= this.#threshold
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

  shouldSample(parent: SpanIdentity | undefined, traceId2: number, traceId3: number): boolean {
    if (parent !== undefined) return (parent.traceFlags & sampledFlag) !== 0
    return this.#root.shouldSample(parent, traceId2, traceId3)
  }

  toString(): string {
    return `ParentBased{root=${this.#root}}`
  }
}
