/**
 * A sampler of somebody else: the interface of `@opentelemetry/sdk-trace`, declared by its shape so that the package need not be there. What
 * it throws or returns amiss costs the application nothing; the configured sampler then decides.
 */
import type { Attributes, Context, Link, SpanOptions, TraceState } from '@opentelemetry/api'
import type { TraceContext } from '../context/context.ts'
import { parseTracestate } from '../context/trace-state.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { diag } from '../own-diag.ts'
import { hex32 } from '../trace/ids.ts'
import type { SpanIdentity } from '../trace/span-identity.ts'
import { type Decision, drop, type HeadSampler, keep, recordOnly } from './decision.ts'
import { emptyState } from './ot-member.ts'

/** As `Sampler` of the SDK. */
export interface Sampler {
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: number,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult
  toString(): string
}

/** As `SamplingResult` of the SDK. */
export interface SamplingResult {
  /** 0 drops the span, 1 records it for processors alone, 2 records and exports it. */
  readonly decision: number
  readonly attributes?: Readonly<Attributes>
  /** Of the new span; left out, it is the parent's. */
  readonly traceState?: TraceState
}

const decisions: readonly (Decision | undefined)[] = [drop, recordOnly, keep]

export class PluggedSampler implements HeadSampler {
  readonly #sampler: Sampler
  readonly #fallback: HeadSampler

  constructor(sampler: Sampler, fallback: HeadSampler) {
    this.#sampler = sampler
    this.#fallback = fallback
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
    try {
      const result = this.#sampler.shouldSample(
        // A span that is started as a root has no parent, whatever is active.
        parent === undefined && context.span !== undefined ? context.withSpan(undefined) : context,
        hex32(traceId0) + hex32(traceId1) + hex32(traceId2) + hex32(traceId3),
        name,
        options.kind ?? 0,
        { ...options.attributes },
        options.links ?? [],
      )
      const decision = decisions[result.decision]
      if (decision !== undefined) return completed(decision, result, parent?.traceState)
      ignoreRejection(result)
      diag.warn('the sampler did not answer with a decision; the configured one decides')
    } catch (cause) {
      diag.warn('the sampler failed; the configured one decides', cause)
    }
    return this.#fallback.decide(parent, traceId0, traceId1, traceId2, traceId3, name, options, context)
  }

  toString(): string {
    try {
      return String(this.#sampler)
    } catch {
      return 'a sampler'
    }
  }
}

function completed(decision: Decision, result: SamplingResult, inherited: TraceState | undefined): Decision {
  const { attributes, traceState } = result
  const sameState = traceState === undefined || traceState === null || traceState === inherited
  if (sameState && attributes === undefined) return decision
  return { ...decision, attributes, traceState: sameState ? undefined : cleanState(traceState) }
}

/** As ours: what is exported and sent on follows the rules of the header. */
function cleanState(state: TraceState): TraceState {
  return parseTracestate(state.serialize()) ?? emptyState
}
