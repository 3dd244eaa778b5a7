/**
 * Jaeger's sampling strategies (jaeger-idl, api_v2/sampling.proto, as JSON) as samplers. Which field is there says which strategy it is: the
 * type beside them is a legacy of the protocol, and its own text asks to ignore it.
 */
import type { SpanIdentity } from '../trace/span-identity.ts'
import { type Decision, drop, dropIn, type HeadSampler, keep, keepIn } from './decision.ts'
import { readOtMember, withThreshold } from './ot-member.ts'
import { RateLimiter } from './rate-limiter.ts'
import { TraceIdRatioSampler } from './trace-id-ratio-sampler.ts'

/** Operations with a lower bound of their own; those beyond have the probability alone. As many as Jaeger's clients had. */
const maxOperations = 2000

/** @throws Error that says what is wrong with the answer. */
export function samplerOfStrategy(answer: unknown): HeadSampler {
  const { operationSampling, probabilisticSampling, rateLimitingSampling } = fieldsOf(answer, 'the answer')
  if (isThere(operationSampling)) return perOperation(fieldsOf(operationSampling, 'operationSampling'))
  if (isThere(probabilisticSampling)) return probabilistic(probabilisticSampling)
  if (isThere(rateLimitingSampling)) {
    const fields = fieldsOf(rateLimitingSampling, 'rateLimitingSampling')
    return new RateLimitingSampler(numberOf(fields, 'maxTracesPerSecond', Number.MAX_VALUE))
  }
  throw new Error('the answer holds no strategy')
}

/** Keeps so many traces a second. How probable each was cannot be known. */
class RateLimitingSampler implements HeadSampler {
  readonly #limiter: RateLimiter
  readonly #rate: number

  constructor(maxTracesPerSecond: number) {
    this.#rate = maxTracesPerSecond
    this.#limiter = new RateLimiter(maxTracesPerSecond, Math.max(1, maxTracesPerSecond))
  }

  decide(parent: SpanIdentity | undefined): Decision {
    const kept = this.#rate > 0 && this.#limiter.take()
    const state = parent?.traceState
    if (state === undefined || !readOtMember(state).hasThreshold) return kept ? keep : drop
    const erased = withThreshold(state, undefined)
    return kept ? keepIn(erased) : dropIn(erased)
  }

  toString(): string {
    return `RateLimitingSampler{${this.#rate}}`
  }
}

class PerOperationSampler implements HeadSampler {
  readonly #operations: Map<string, HeadSampler>
  readonly #others: TraceIdRatioSampler
  readonly #lowerBound: number

  constructor(ratios: Map<string, TraceIdRatioSampler>, others: TraceIdRatioSampler, lowerBound: number) {
    this.#others = others
    this.#lowerBound = lowerBound
    this.#operations = new Map([...ratios].map(([name, ratio]) => [name, this.#bounded(ratio)]))
  }

  decide(...span: Parameters<HeadSampler['decide']>): Decision {
    return this.#of(span[5]).decide(...span)
  }

  #of(operation: string): HeadSampler {
    const known = this.#operations.get(operation)
    if (known !== undefined) return known
    if (this.#lowerBound === 0 || this.#operations.size >= maxOperations) return this.#others
    const added = this.#bounded(this.#others)
    this.#operations.set(operation, added)
    return added
  }

  #bounded(ratio: TraceIdRatioSampler): HeadSampler {
    return this.#lowerBound === 0 ? ratio : new LowerBoundSampler(ratio, this.#lowerBound)
  }

  toString(): string {
    return `PerOperationSampler{default=${this.#others}, operations=${this.#operations.size}}`
  }
}

/** By probability, but never fewer than so many a second while there are as many. */
class LowerBoundSampler implements HeadSampler {
  readonly #ratio: TraceIdRatioSampler
  readonly #atLeast: RateLimiter

  constructor(ratio: TraceIdRatioSampler, tracesPerSecond: number) {
    this.#ratio = ratio
    this.#atLeast = new RateLimiter(tracesPerSecond, Math.max(1, tracesPerSecond))
  }

  decide(...span: Parameters<HeadSampler['decide']>): Decision {
    const [parent, id0, id1, id2, id3] = span
    const decision = this.#ratio.decide(parent, id0, id1, id2, id3)
    const due = this.#atLeast.take()
    if (decision.sampled || !due) return decision
    return decision.traceState === undefined ? keep : keepIn(decision.traceState)
  }
}

function perOperation(fields: Record<string, unknown>): HeadSampler {
  const probability = numberOf(fields, 'defaultSamplingProbability', 1)
  const lowerBound = numberOf(fields, 'defaultLowerBoundTracesPerSecond', Number.MAX_VALUE)
  const strategies = fields.perOperationStrategies ?? []
  if (!Array.isArray(strategies)) throw new Error('perOperationStrategies is no list')
  const ratios = new Map<string, TraceIdRatioSampler>()
  for (const strategy of strategies) {
    const { operation, probabilisticSampling } = fieldsOf(strategy, 'a strategy of an operation')
    if (typeof operation !== 'string') throw new Error('an operation has no name')
    ratios.set(operation, probabilistic(probabilisticSampling))
  }
  return new PerOperationSampler(ratios, new TraceIdRatioSampler(probability), lowerBound)
}

function probabilistic(strategy: unknown): TraceIdRatioSampler {
  return new TraceIdRatioSampler(numberOf(fieldsOf(strategy, 'probabilisticSampling'), 'samplingRate', 1))
}

function isThere(field: unknown): boolean {
  return field !== undefined && field !== null
}

function fieldsOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new Error(`${what} is no object`)
}

/** Zero is left out by writers of protobuf's JSON. */
function numberOf(fields: Record<string, unknown>, name: string, max: number): number {
  const value = fields[name] ?? 0
  if (typeof value === 'number' && value >= 0 && value <= max) return value
  throw new Error(`${name} is ${JSON.stringify(value)}`)
}
