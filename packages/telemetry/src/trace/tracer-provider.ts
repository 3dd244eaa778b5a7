/** The API's TracerProvider: one tracer, and one buffer of encoded spans, per instrumentation scope. */
import type { Attributes, TracerOptions, TracerProvider as TracerProviderApi } from '@opentelemetry/api'
import type { AttributeInput, AttributeKey, ScopeInput } from '@rustok/otlp'
import type { Plugs } from '../plug/plugs.ts'
import type { HeadSampler } from '../sample/decision.ts'
import { toList } from './attribute-list.ts'
import { toName } from './attribute-value.ts'
import type { RecordingSpan, SpanSink } from './recording-span.ts'
import { ScopeSpans } from './scope-spans.ts'
import type { SpanLimits } from './span-limits.ts'
import { Tracer } from './tracer.ts'

/** Where ended spans go: SpanBatcher, or what decides in front of it. */
export interface SpanStage {
  add(scope: ScopeSpans, span: RecordingSpan): void
  /** Where spans go that are recorded but not sampled, if anybody wants them. */
  readonly unsampled?: SpanSink
}

/** The API's options know no attributes yet; the specification does. */
export interface ScopeOptions extends TracerOptions {
  readonly attributes?: Attributes
}

export class TracerProvider implements TracerProviderApi {
  readonly #batcher: SpanStage | undefined
  readonly #sampler: HeadSampler
  readonly #limits: SpanLimits
  readonly #plugs: Plugs | undefined
  readonly #tracers = new Map<string, { readonly tracer: Tracer; readonly scope: ScopeInput }>()
  #successor: TracerProvider | undefined

  /** Without a batcher tracing is off: see Tracer. */
  constructor(batcher: SpanStage | undefined, sampler: HeadSampler, limits: SpanLimits, plugs?: Plugs) {
    this.#batcher = batcher
    this.#sampler = sampler
    this.#limits = limits
    this.#plugs = plugs
  }

  get stage(): SpanStage | undefined {
    return this.#batcher
  }

  get sampler(): HeadSampler {
    return this.#sampler
  }

  get limits(): SpanLimits {
    return this.#limits
  }

  /** The same tracer for the same name, version, schema URL and attributes. */
  getTracer(name: string, version?: string, options?: ScopeOptions): Tracer {
    if (this.#successor !== undefined) return this.#successor.getTracer(name, version, options)
    const scope = {
      name: textOf(name),
      version: textOf(version),
      schemaUrl: textOf(options?.schemaUrl),
      attributes: attributesOf(options?.attributes),
    }
    const identity = identityOf(scope)
    const known = this.#tracers.get(identity)
    if (known !== undefined) return known.tracer
    const tracer = new Tracer(...this.#partsOf(scope))
    this.#tracers.set(identity, { tracer, scope })
    return tracer
  }

  /**
   * Takes over what was got from `previous`: applications hold tracers in their modules, and the API's ProxyTracer keeps the first one that
   * it is given for ever.
   */
  adopt(previous: TracerProvider): void {
    previous.#successor = this
    this.#successor = undefined
    for (const [identity, known] of previous.#tracers) {
      known.tracer.redirect(...this.#partsOf(known.scope))
      this.#tracers.set(identity, known)
    }
    previous.#tracers.clear()
  }

  #partsOf(scope: ScopeInput): ConstructorParameters<typeof Tracer> {
    const limits = this.#limits
    const plugs = this.#plugs
    const unsampled = this.#batcher?.unsampled
    const sink = this.#sinkOf(scope)
    if (plugs === undefined || sink === undefined) return [sink, this.#sampler, limits, unsampled]
    // Processors see all that is recorded, whatever becomes of it.
    const [before, beforeUnsampled] = [sink, unsampled].map((next) => plugs.before(next, scope, limits))
    return [before, this.#sampler, limits, beforeUnsampled, plugs.ids]
  }

  #sinkOf(scope: ScopeInput): SpanSink | undefined {
    const batcher = this.#batcher
    if (batcher === undefined) return undefined
    const spans = new ScopeSpans(scope)
    return { limits: this.#limits, onEnd: (span) => batcher.add(spans, span) }
  }
}

/** Callers without types pass anything. */
function textOf(part: unknown): string {
  return typeof part === 'string' || typeof part === 'number' ? toName(part) : ''
}

function attributesOf(attributes: Attributes | undefined): ScopeInput['attributes'] {
  const { list } = toList(attributes, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  if (list.length === 0) return undefined
  const copied: Record<string, AttributeInput> = Object.create(null)
  for (let i = 0; i < list.length; i += 2)
    copied[(list[i] as AttributeKey).name] = list[i + 1] as AttributeInput
  return copied
}

function identityOf(scope: ScopeInput): string {
  const text = `${scope.name}\0${scope.version}\0${scope.schemaUrl}`
  if (scope.attributes === undefined) return text
  const pairs = Object.entries(scope.attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${text}\0${JSON.stringify(pairs, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))}`
}
