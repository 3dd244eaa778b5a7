/** How many spans were started, by what the sampler said and where the parent is, and how many are live. Counts where the sampler is asked. */
import type { SpanOptions } from '@opentelemetry/api'
import type { TraceContext } from '../context/context.ts'
import type { Decision, HeadSampler } from '../sample/decision.ts'
import type { SpanIdentity } from '../trace/span-identity.ts'

const origins = ['none', 'local', 'remote']
const results = ['DROP', 'RECORD_ONLY', 'RECORD_AND_SAMPLE']
const recordOnlyResult = 1
const sampledResult = 2

export class SpanCounts {
  /** By origin and result. */
  readonly #started: number[] = new Array(origins.length * results.length).fill(0)
  readonly #ended: number[] = new Array(results.length).fill(0)

  start(parent: SpanIdentity | undefined, { recorded, sampled }: Decision): void {
    const origin = parent === undefined ? 0 : parent.isRemote ? 2 : 1
    const result = sampled ? sampledResult : recorded ? recordOnlyResult : 0
    this.#started[origin * results.length + result]!++
  }

  end(sampled: boolean): void {
    this.#ended[sampled ? sampledResult : recordOnlyResult]!++
  }

  started(): readonly { readonly origin: string; readonly result: string; readonly count: number }[] {
    return this.#started.map((count, index) => ({
      origin: origins[Math.floor(index / results.length)]!,
      result: results[index % results.length]!,
      count,
    }))
  }

  live(): readonly (readonly [result: string, count: number])[] {
    return [recordOnlyResult, sampledResult].map((result) => {
      const started = origins.reduce(
        (sum, _, origin) => sum + this.#started[origin * results.length + result]!,
        0,
      )
      return [results[result]!, started - this.#ended[result]!] as const
    })
  }
}

/** Asks `inner`, and counts what it says; `observed` makes its answer one by which an unsampled span can be measured. */
export class CountingSampler implements HeadSampler {
  readonly #inner: HeadSampler
  readonly #counts: SpanCounts
  readonly #observed: (decision: Decision) => Decision

  constructor(inner: HeadSampler, counts: SpanCounts, observed: (decision: Decision) => Decision) {
    this.#inner = inner
    this.#counts = counts
    this.#observed = observed
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
    const decision = this.#observed(
      this.#inner.decide(parent, traceId0, traceId1, traceId2, traceId3, name, options, context),
    )
    this.#counts.start(parent, decision)
    return decision
  }

  toString(): string {
    return this.#inner.toString()
  }
}
