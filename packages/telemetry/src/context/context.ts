/**
 * The API's immutable Context with the two values that every span start reads in fields of their own: setting a span is one small
 * object instead of a copied Map, and a chain of them pins nothing older.
 */
import { type Context, createContextKey, ROOT_CONTEXT, type Span } from '@opentelemetry/api'
import { type Correlation, correlationKey } from './correlation.ts'

/** The keys under which the API and the official SDK keep their values (context-utils.ts, suppress-tracing.ts). */
const spanKey = createContextKey('OpenTelemetry Context Key SPAN')
const suppressKey = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

export class TraceContext implements Context {
  readonly span: Span | undefined
  readonly correlation: Correlation | undefined
  /** All other values: a context of the API's own kind, or of somebody else's, whose span is not looked at. */
  readonly #rest: Context | undefined

  constructor(span: Span | undefined, correlation: Correlation | undefined, rest: Context | undefined) {
    this.span = span
    this.correlation = correlation
    this.#rest = rest
  }

  withSpan(span: Span | undefined): TraceContext {
    return new TraceContext(span, this.correlation, this.#rest)
  }

  withCorrelation(correlation: Correlation | undefined): TraceContext {
    return new TraceContext(this.span, correlation, this.#rest)
  }

  get suppressed(): boolean {
    return this.#rest !== undefined && this.#rest.getValue(suppressKey) === true
  }

  getValue(key: symbol): unknown {
    if (key === spanKey) return this.span
    if (key === correlationKey) return this.correlation
    return this.#rest?.getValue(key)
  }

  setValue(key: symbol, value: unknown): TraceContext {
    if (key === spanKey) return this.withSpan(value as Span | undefined)
    if (key === correlationKey) return this.withCorrelation(value as Correlation | undefined)
    return new TraceContext(this.span, this.correlation, (this.#rest ?? ROOT_CONTEXT).setValue(key, value))
  }

  deleteValue(key: symbol): TraceContext {
    if (key === spanKey) return this.withSpan(undefined)
    if (key === correlationKey) return this.withCorrelation(undefined)
    if (this.#rest === undefined) return this
    return new TraceContext(this.span, this.correlation, this.#rest.deleteValue(key))
  }
}

export const emptyContext: TraceContext = new TraceContext(undefined, undefined, undefined)
/** Spans started in it are not recorded, as `suppressTracing` of the official SDK has it. */
export const suppressedContext: TraceContext = emptyContext.setValue(suppressKey, true)

/** `context` as ours: the API's ROOT_CONTEXT, and what derives from it, keeps all of its values. */
export function toTraceContext(context: Context): TraceContext {
  if (context instanceof TraceContext) return context
  if (context === ROOT_CONTEXT) return emptyContext
  const span = context.getValue(spanKey) as Span | undefined
  const correlation = context.getValue(correlationKey) as Correlation | undefined
  return new TraceContext(span, correlation, context)
}
