/**
 * What an application plugs in when it starts tracing: processors, exporters and an id generator, put in front of the pipeline. Without any
 * there is no object of this kind, and spans are the plain ones.
 */
import type { ScopeInput } from '@rustok/otlp'
import type { RecordingSpan, SpanSink } from '../trace/recording-span.ts'
import type { SpanLimits } from '../trace/span-limits.ts'
import { type ExporterLimits, ExporterProcessor } from './exporter-processor.ts'
import { IdSource } from './id-source.ts'
import type {
  IdGenerator,
  InstrumentationScope,
  ReadableResource,
  SpanExporter,
  SpanProcessor,
} from './interfaces.ts'
import { isolated, nameOf, settledWithin } from './isolation.ts'
import { type PluggedSink, PluggedSpan } from './plugged-span.ts'

export interface PlugOptions {
  /** See every span that is recorded, in this order, before it is encoded; what they change is what is exported. */
  readonly spanProcessors?: readonly SpanProcessor[]
  /** Get the sampled spans in batches, beside the exporters of the configuration. */
  readonly spanExporters?: readonly SpanExporter[]
  /** Makes the ids of traces and spans instead of the built-in random ones. */
  readonly idGenerator?: IdGenerator
}

export class Plugs {
  readonly #processors: readonly SpanProcessor[]
  readonly #resource: ReadableResource
  readonly ids: IdSource | undefined
  #closed = false

  private constructor(options: PlugOptions, limits: ExporterLimits, resource: ReadableResource) {
    const exporters = options.spanExporters ?? []
    this.#processors = [
      ...(options.spanProcessors ?? []),
      ...exporters.map((exporter) => new ExporterProcessor(exporter, limits)),
    ]
    this.ids = options.idGenerator === undefined ? undefined : new IdSource(options.idGenerator)
    this.#resource = resource
  }

  /** Undefined when nothing is plugged in. */
  static of(options: PlugOptions, limits: ExporterLimits, resource: ReadableResource): Plugs | undefined {
    const { spanProcessors = [], spanExporters = [], idGenerator } = options
    if (spanProcessors.length + spanExporters.length === 0 && idGenerator === undefined) return undefined
    return new Plugs(options, limits, resource)
  }

  /** `sink` behind the processors, for spans of `scope`; without it nobody but them sees the spans. */
  before(sink: SpanSink | undefined, scope: ScopeInput, limits: SpanLimits): SpanSink | undefined {
    if (this.#processors.length === 0) return sink
    const plugged: PluggedSink = {
      limits,
      hooks: this,
      spanClass: PluggedSpan,
      instrumentationScope: readableScope(scope),
      resource: this.#resource,
      onEnd: (span) => {
        this.#onEnd(span as PluggedSpan)
        sink?.onEnd(span)
      },
    }
    return plugged
  }

  onStart(span: RecordingSpan, context: Parameters<SpanProcessor['onStart']>[1]): void {
    this.#each('onStart', (processor) => processor.onStart(span as PluggedSpan, context))
  }

  onEnding(span: RecordingSpan): void {
    this.#each('onEnding', (processor) => processor.onEnding?.(span as PluggedSpan))
  }

  #onEnd(span: PluggedSpan): void {
    this.#each('onEnd', (processor) => processor.onEnd(span))
    isolated(
      () => 'reading what processors changed',
      () => span.adopt(),
    )
  }

  /** Resolves when all have flushed, failed or had their time. */
  async forceFlush(timeoutMs: number): Promise<void> {
    await this.#all('forceFlush', timeoutMs)
  }

  /** From now on they see no spans. Idempotent. */
  async shutdown(timeoutMs: number): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#all('shutdown', timeoutMs)
  }

  async #all(method: 'forceFlush' | 'shutdown', timeoutMs: number): Promise<void> {
    await Promise.all(
      this.#processors.map((processor) =>
        settledWithin(`${method} of ${describe(processor)}`, timeoutMs, () => processor[method]()),
      ),
    )
  }

  #each(method: string, call: (processor: SpanProcessor) => unknown): void {
    if (this.#closed) return
    for (const processor of this.#processors) {
      isolated(
        () => `${method} of ${describe(processor)}`,
        () => call(processor),
      )
    }
  }
}

function describe(processor: SpanProcessor): string {
  return processor instanceof ExporterProcessor ? String(processor) : nameOf(processor)
}

function readableScope({ name, version, schemaUrl }: ScopeInput): InstrumentationScope {
  return { name, ...(version && { version }), ...(schemaUrl && { schemaUrl }) }
}
