/** The API's TracerProvider: one tracer, and one buffer of encoded spans, per instrumentation scope. */
import type { TracerOptions, TracerProvider as TracerProviderApi } from '@opentelemetry/api'
import type { SpanBatcher } from '../export/span-batcher.ts'
import type { HeadSampler } from '../sample/sampler.ts'
import { ScopeSpans } from './scope-spans.ts'
import type { SpanLimits } from './span-limits.ts'
import { Tracer } from './tracer.ts'

export class TracerProvider implements TracerProviderApi {
  readonly #batcher: SpanBatcher
  readonly #sampler: HeadSampler
  readonly #limits: SpanLimits
  readonly #tracers = new Map<string, Tracer>()

  constructor(batcher: SpanBatcher, sampler: HeadSampler, limits: SpanLimits) {
    this.#batcher = batcher
    this.#sampler = sampler
    this.#limits = limits
  }

  /** The same tracer for the same name, version and schema URL. */
  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    const scopeName = typeof name === 'string' ? name : ''
    const identity = `${scopeName}\0${version ?? ''}\0${options?.schemaUrl ?? ''}`
    const known = this.#tracers.get(identity)
    if (known !== undefined) return known
    const scope = new ScopeSpans({ name: scopeName, version, schemaUrl: options?.schemaUrl })
    const batcher = this.#batcher
    const tracer = new Tracer({ onEnd: (span) => batcher.add(scope, span) }, this.#sampler, this.#limits)
    this.#tracers.set(identity, tracer)
    return tracer
  }
}
