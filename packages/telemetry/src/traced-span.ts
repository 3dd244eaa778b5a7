/** A function's work as a span: the one call that application code needs. */
import { type Span, type SpanAttributes, type SpanOptions, SpanStatusCode } from '@opentelemetry/api'
import { ownTracer } from './own-tracer.ts'

/**
 * Runs `fn` in a new active span. The span ends when `fn` returns or its promise settles; what it throws is recorded, sets the status
 * to error, and is thrown on unchanged. The result keeps its type: a promise only when `fn` returns one.
 */
export function tracedSpan<T>(name: string, fn: (span: Span) => T): T
export function tracedSpan<T>(name: string, attributes: SpanAttributes, fn: (span: Span) => T): T
export function tracedSpan<T>(
  name: string,
  attributes: SpanAttributes,
  options: Omit<SpanOptions, 'attributes'>,
  fn: (span: Span) => T,
): T
export function tracedSpan<T>(
  name: string,
  ...rest:
    | [(span: Span) => T]
    | [SpanAttributes, (span: Span) => T]
    | [SpanAttributes, Omit<SpanOptions, 'attributes'>, (span: Span) => T]
): T {
  const fn = rest.at(-1) as (span: Span) => T
  const attributes = rest.length > 1 ? (rest[0] as SpanAttributes) : {}
  const options = rest.length > 2 ? { ...(rest[1] as SpanOptions), attributes } : { attributes }
  return ownTracer().startActiveSpan(name, options, (span) => endWith(span, () => fn(span)))
}

/** Runs `run` and ends the span when it returns, settles or throws. */
export function endWith<T>(span: Span, run: () => T): T {
  let result: T
  try {
    result = run()
  } catch (cause) {
    fail(span, cause)
    throw cause
  }
  if (!isPromiseLike(result)) {
    span.end()
    return result
  }
  return result.then(
    (value) => {
      span.end()
      return value
    },
    (cause: unknown) => {
      fail(span, cause)
      throw cause
    },
  ) as T
}

/** Records an error and ends the span. What was thrown may throw when it is looked at; it is the application's all the same. */
export function fail(span: Span, cause: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR })
  try {
    const error = cause instanceof Error ? cause : String(cause)
    span.recordException(error)
    span.setAttribute('error.type', error instanceof Error ? error.name : '_OTHER')
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : error })
  } catch {
    span.setAttribute('error.type', '_OTHER')
  }
  span.end()
}

export function isPromiseLike<T>(value: T): value is T & PromiseLike<unknown> {
  try {
    return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
  } catch {
    return false
  }
}
