/**
 * A generator's iteration as a span: from the first `next()` until it is done, is told to return, or throws. Its steps run with the span
 * active, those of the caller between them do not. Used by `traced`.
 */
import { context, type Span, type SpanOptions, trace } from '@opentelemetry/api'
import { ownTracer } from './own-tracer.ts'
import { fail, isPromiseLike } from './traced-span.ts'

type Step = (...args: unknown[]) => IteratorResult<unknown> | Promise<IteratorResult<unknown>>

/**
 * `generator` itself, its methods replaced: whoever looks at it sees the generator that the function made. One that is never iterated makes no
 * span; one that is left in the middle without `return()`, which `for` loops call, makes one that does not end.
 */
export function traceGenerator<G extends Generator | AsyncGenerator>(
  name: string,
  options: SpanOptions,
  generator: G,
): G {
  const outer = context.active()
  let active = outer
  let span: Span | undefined
  let over = false

  const settle = (result: IteratorResult<unknown>): IteratorResult<unknown> => {
    if (result.done === true) finish()
    return result
  }
  const finish = () => {
    over = true
    span?.end()
  }
  const refuse = (cause: unknown): never => {
    over = true
    if (span !== undefined) fail(span, cause)
    throw cause
  }
  const traceStep = (method: 'next' | 'return' | 'throw') => {
    const step = generator[method] as unknown as Step
    const value = (...args: unknown[]) => {
      // Told to return or throw before it began, it runs none of its code.
      if (over || (span === undefined && method !== 'next')) {
        over = true
        return step.apply(generator, args)
      }
      if (span === undefined) {
        span = ownTracer().startSpan(name, options, outer)
        active = trace.setSpan(outer, span)
      }
      try {
        const result = context.with(active, () => step.apply(generator, args))
        return isPromiseLike(result)
          ? (result as Promise<IteratorResult<unknown>>).then(settle, refuse)
          : settle(result)
      } catch (cause) {
        return refuse(cause)
      }
    }
    Object.defineProperty(generator, method, { configurable: true, writable: true, value })
  }
  for (const method of ['next', 'return', 'throw'] as const) traceStep(method)
  return generator
}
