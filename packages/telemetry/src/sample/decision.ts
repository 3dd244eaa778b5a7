/**
 * What becomes of a span that starts, and the interface of what decides it. The tracer asks once per span, so a sampler sees ids as
 * integers and hands out shared decisions: the plain cases allocate nothing.
 */
import type { SpanAttributes, SpanOptions, TraceState } from '@opentelemetry/api'
import type { TraceContext } from '../context/context.ts'
import type { SpanIdentity } from '../trace/span-identity.ts'

export interface Decision {
  /** Whether the span takes what is set on it. */
  readonly recorded: boolean
  /** Whether it is exported, and says so to its children; only what is recorded can be. */
  readonly sampled: boolean
  /** Of the new span; undefined leaves the parent's, an empty one clears it. */
  readonly traceState: TraceState | undefined
  /** Put on the span after its own. */
  readonly attributes: SpanAttributes | undefined
}

export interface HeadSampler {
  /**
   * `parent` is undefined for the root of a trace. The trace id is the new span's: its parent's where it has one. `context` holds what
   * else is known when it starts, the tenant for one.
   */
  decide(
    parent: SpanIdentity | undefined,
    traceId0: number,
    traceId1: number,
    traceId2: number,
    traceId3: number,
    name: string,
    options: SpanOptions,
    context: TraceContext,
  ): Decision
  toString(): string
}

const unchanged = { traceState: undefined, attributes: undefined }

/** Exported, because the parent is, or for a reason that says nothing of the share of traces that are kept. */
export const keep: Decision = { recorded: true, sampled: true, ...unchanged }
/** Exported, as every trace is: the probability is 1, and need not be written down to be known. */
export const keepAll: Decision = { recorded: true, sampled: true, ...unchanged }
export const drop: Decision = { recorded: false, sampled: false, ...unchanged }
/** For span processors and metrics alone. */
export const recordOnly: Decision = { recorded: true, sampled: false, ...unchanged }

/** As `keep`, with a tracestate of its own. */
export function keepIn(traceState: TraceState): Decision {
  return { ...keep, traceState }
}

export function dropIn(traceState: TraceState): Decision {
  return { ...drop, traceState }
}
