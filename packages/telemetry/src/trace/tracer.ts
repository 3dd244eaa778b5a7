/** The API's Tracer: starts spans in the active context, for one instrumentation scope. */
import {
  type Context,
  isSpanContextValid,
  type Span,
  type SpanOptions,
  type Tracer as TracerApi,
} from '@opentelemetry/api'
import type { PreparedAttributes } from '@rustok/otlp'
import { type TraceContext, toTraceContext } from '../context/context.ts'
import { activeContext, contextStorage } from '../context/context-manager.ts'
import { diag } from '../own-diag.ts'
import type { IdSource } from '../plug/id-source.ts'
import type { HeadSampler } from '../sample/decision.ts'
import { maxStringLength, toName } from './attribute-value.ts'
import { randomInt32 } from './ids.ts'
import { RecordingSpan, type SpanSink } from './recording-span.ts'
import { NonRecordingSpan, randomFlag, SpanIdentity, sampledFlag, UnsampledSpan } from './span-identity.ts'
import { defaultSpanLimits, type SpanLimits } from './span-limits.ts'

const noOptions: SpanOptions = {}

/** The API's SpanKind counts from internal = 0, OTLP's from internal = 1. */
const otlpKindOffset = 1
const maxApiKind = 4

export class Tracer implements TracerApi {
  #sink: SpanSink | undefined
  #sampler: HeadSampler
  /** Of spans that are recorded but not exported. */
  #unsampledSink: SpanSink

  /** Undefined for random ones. */
  #ids: IdSource | undefined

  /** Without a sink nothing is recorded, and what starts in a trace passes it on as it came. */
  constructor(
    sink: SpanSink | undefined,
    sampler: HeadSampler,
    limits: SpanLimits,
    unsampledSink: SpanSink = { limits, onEnd() {} },
    ids?: IdSource,
  ) {
    this.#sink = sink
    this.#sampler = sampler
    this.#unsampledSink = unsampledSink
    this.#ids = ids
  }

  /** From now on its spans go elsewhere: see TracerProvider.adopt. */
  redirect(
    sink: SpanSink | undefined,
    sampler: HeadSampler,
    limits: SpanLimits,
    unsampledSink: SpanSink = { limits, onEnd() {} },
    ids?: IdSource,
  ): void {
    this.#sink = sink
    this.#sampler = sampler
    this.#unsampledSink = unsampledSink
    this.#ids = ids
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    return this.#startSafely(name, options, context ? toTraceContext(context) : activeContext())
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: SpanOptions, fn: F): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    context: Context,
    fn: F,
  ): ReturnType<F>
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    optionsOrFn: SpanOptions | F,
    contextOrFn?: Context | F,
    lastFn?: F,
  ): ReturnType<F> {
    const fn = (lastFn ?? contextOrFn ?? optionsOrFn) as F
    const options = fn === optionsOrFn ? undefined : (optionsOrFn as SpanOptions)
    const context = fn === contextOrFn ? undefined : (contextOrFn as Context | undefined)
    const from = context ? toTraceContext(context) : activeContext()
    const span = this.#startSafely(name, options, from)
    return contextStorage.run(from.withSpan(span), fn, span) as ReturnType<F>
  }

  /** Options that throw when they are read cost the span its options, not the application its request. */
  #startSafely(name: string, options: SpanOptions | undefined, from: TraceContext): Span {
    const text = toName(name)
    try {
      return this.start(text, options ?? noOptions, from)
    } catch (cause) {
      diag.warn(`the options of span '${text}' cannot be read and are left out`, cause)
      return this.start(text, noOptions, from)
    }
  }

  /**
   * Starts a span in `context`; a NonRecordingSpan when it is not sampled or tracing is suppressed. `prepared` are the attributes of `options`, encoded
   * once for many spans: then samplers read the former, and the span takes the latter.
   */
  start(
    name: string,
    options: SpanOptions,
    context: TraceContext,
    prepared?: PreparedAttributes,
  ): RecordingSpan | NonRecordingSpan {
    const parent = options.root === true ? undefined : parentOf(context.span)
    const sink = this.#sink
    if (sink === undefined || context.suppressed) return parentAsIs(parent)
    let traceId0: number
    let traceId1: number
    let traceId2: number
    let traceId3: number
    let flags: number
    const ids = this.#ids
    if (parent !== undefined) {
      traceId0 = parent.traceId0
      traceId1 = parent.traceId1
      traceId2 = parent.traceId2
      traceId3 = parent.traceId3
      flags = parent.traceFlags & randomFlag
    } else if (ids !== undefined) {
      ;[traceId0, traceId1, traceId2, traceId3] = ids.traceId()
      flags = 0 // Nobody says that they are random.
    } else {
      traceId0 = randomInt32()
      traceId1 = randomInt32()
      traceId2 = randomInt32()
      traceId3 = randomInt32()
      if ((traceId0 | traceId1 | traceId2 | traceId3) === 0) traceId0 = 1
      flags = randomFlag
    }
    const decision = this.#sampler.decide(
      parent,
      traceId0,
      traceId1,
      traceId2,
      traceId3,
      name,
      options,
      context,
    )
    const traceState = decision.traceState ?? parent?.traceState
    const correlation = context.correlation ?? parent?.correlation
    let spanId0 = 0
    let spanId1 = 0
    if (ids !== undefined) {
      ;[spanId0, spanId1] = ids.spanId()
    } else if (decision.recorded) {
      spanId0 = randomInt32()
      spanId1 = randomInt32() | 1 // An id must not be all zero.
    }
    if (!decision.recorded) {
      return new UnsampledSpan(
        traceId0,
        traceId1,
        traceId2,
        traceId3,
        spanId0,
        spanId1,
        flags,
        traceState,
        false,
        correlation,
      )
    }
    const to = decision.sampled ? sink : this.#unsampledSink
    const span = new (to.spanClass ?? RecordingSpan)(
      to,
      parent,
      traceId0,
      traceId1,
      traceId2,
      traceId3,
      spanId0,
      spanId1,
      decision.sampled ? flags | sampledFlag : flags,
      traceState,
      correlation,
      name,
      toOtlpKind(options.kind),
    )
    if (prepared !== undefined && isUnlimited(to.limits)) span.prepared1 = prepared
    else if (options.attributes !== undefined) span.setAttributes(options.attributes)
    if (decision.attributes !== undefined) span.setAttributes(decision.attributes)
    if (options.startTime !== undefined) span.setStart(options.startTime)
    if (options.links !== undefined) span.addLinks(options.links)
    to.hooks?.onStart(span, options.root === true ? context.withSpan(undefined) : context)
    return span
  }
}

/** What was encoded beforehand cannot be cut. */
function isUnlimited({ attributeValueLength, attributeCount }: SpanLimits): boolean {
  return attributeValueLength >= maxStringLength && attributeCount >= defaultSpanLimits.attributeCount
}

function toOtlpKind(kind: number | undefined): number {
  return kind !== undefined && kind >= 0 && kind <= maxApiKind ? kind + otlpKindOffset : otlpKindOffset
}

/** Whose child the new span is: foreign spans (of another SDK, or the API's own wrapper) are read through their context. */
function parentOf(span: Span | undefined): SpanIdentity | undefined {
  if (span === undefined) return undefined
  if (span instanceof SpanIdentity) return span
  try {
    const context = span.spanContext()
    return isSpanContextValid(context) ? NonRecordingSpan.fromContext(context) : undefined
  } catch {
    return undefined
  }
}

function parentAsIs(parent: SpanIdentity | undefined): NonRecordingSpan {
  if (parent === undefined) return new NonRecordingSpan(0, 0, 0, 0, 0, 0, 0, undefined, false)
  if (parent instanceof NonRecordingSpan && parent.isUndecided) return parent
  const { traceId0, traceId1, traceId2, traceId3, spanId0, spanId1, traceFlags, traceState } = parent
  return new NonRecordingSpan(
    traceId0,
    traceId1,
    traceId2,
    traceId3,
    spanId0,
    spanId1,
    traceFlags,
    traceState,
    parent.isRemote,
  )
}
