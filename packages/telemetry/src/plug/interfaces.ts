/**
 * The plug points, as `@opentelemetry/sdk-trace` 3.x and `@opentelemetry/resources` have them: what is published for those fits here. Declared
 * by their shape, so that the packages need not be there; type tests hold the two together.
 */
import type { Attributes, Context, HrTime, Link, Span, SpanContext, SpanStatus } from '@opentelemetry/api'

/** A span as processors and exporters read it. */
export interface ReadableSpan {
  readonly name: string
  /** SpanKind of the API. */
  readonly kind: number
  readonly spanContext: () => SpanContext
  readonly parentSpanContext?: SpanContext
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly links: Link[]
  readonly events: TimedEvent[]
  readonly duration: HrTime
  readonly ended: boolean
  readonly resource: ReadableResource
  readonly instrumentationScope: InstrumentationScope
  readonly droppedAttributesCount: number
  readonly droppedEventsCount: number
  readonly droppedLinksCount: number
}

export interface TimedEvent {
  time: HrTime
  name: string
  attributes?: Attributes
  droppedAttributesCount?: number
}

export interface InstrumentationScope {
  readonly name: string
  readonly version?: string
  readonly schemaUrl?: string
}

/** What `Resource` of `@opentelemetry/resources` offers to whoever reads a span. */
export interface ReadableResource {
  readonly asyncAttributesPending?: boolean
  readonly attributes: Attributes
  readonly schemaUrl?: string
  waitForAsyncAttributes?(): Promise<void>
  merge(other: ReadableResource | null): ReadableResource
  getRawAttributes(): RawResourceAttribute[]
}

// biome-ignore lint/suspicious/noExplicitAny: nobody but other resources reads it, and its type there differs between versions
export type RawResourceAttribute = [string, any]

/** Sees spans start and end (specification: SpanProcessor). Called in the order in which they are given, before the span is encoded. */
export interface SpanProcessor {
  onStart(span: Span & ReadableSpan, parentContext: Context): void
  /** While the span can still be changed; its end time is set. */
  onEnding?(span: Span & ReadableSpan): void
  onEnd(span: ReadableSpan): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/** Takes ended spans away (specification: SpanExporter). Never called again before it has called back, or its time is over. */
export interface SpanExporter {
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void
  shutdown(): Promise<void>
  forceFlush?(): Promise<void>
}

/** `code` is 0 for success. */
export interface ExportResult {
  code: number
  error?: Error
}

/** Makes ids: 32 and 16 lower-case hex digits, not all zero. */
export interface IdGenerator {
  generateTraceId(): string
  generateSpanId(): string
}

/** Finds out who this process is (`ResourceDetector` of `@opentelemetry/resources`). Attributes may be promises. */
export interface ResourceDetector {
  detect(config?: object): DetectedResource
}

export interface DetectedResource {
  readonly attributes?: { readonly [key: string]: unknown }
}
