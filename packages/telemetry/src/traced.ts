/**
 * A function as a span, whenever it is called: `const load = traced(async function load(id) { … })`, or as a decorator of a method. Where
 * `tracedSpan` wraps a call, this wraps a definition.
 */
import type { SpanAttributes, SpanOptions } from '@opentelemetry/api'
import { ignoreRejection } from './ignore-rejection.ts'
import { diag } from './own-diag.ts'
import { ownTracer } from './own-tracer.ts'
import { traceGenerator } from './trace-generator.ts'
import { endWith } from './traced-span.ts'

/** Any function: whatever its parameters are, `never` can be passed for them. */
type Callable = (...args: never[]) => unknown

export interface TracedOptions<F extends Callable = Callable> extends Omit<SpanOptions, 'attributes'> {
  /** Of each call; or what tells them from its arguments, before the call. */
  readonly attributes?: SpanAttributes | ((...args: Parameters<F>) => SpanAttributes)
}

/** Wraps a function; as a decorator, of the standard or of TypeScript's older kind, it wraps a method. */
export interface TracedDecorator<Allowed extends Callable = Callable> {
  <F extends Allowed>(fn: F, context?: ClassMethodDecoratorContext): F
  <F extends Allowed>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<F>): void
}

/**
 * `fn` with a span around each of its calls, named `name` or as `fn`. It keeps its name, length, `this`, parameters and result. The span
 * ends when the function returns or throws, when its promise settles, or, for a generator function, when the iteration does; it
 * begins with the first `next()` there. What is thrown is recorded and thrown on.
 *
 * `traced(name, options?)` without a function is a decorator: `@traced('checkout')`; so is `@traced` alone.
 */
export function traced<F extends Callable>(fn: F, context?: ClassMethodDecoratorContext): F
export function traced<F extends Callable>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<F>,
): void
export function traced<F extends Callable>(name: string, fn: F): F
export function traced<F extends Callable>(name: string, options: TracedOptions<F>, fn: F): F
export function traced<A extends Callable = Callable>(
  name: string,
  options?: TracedOptions<A>,
): TracedDecorator<A>
export function traced(first: unknown, second?: unknown, third?: unknown): unknown {
  if (typeof first !== 'string') return decorate(undefined, {}, first, second, third)
  if (typeof second === 'function') return wrap(second as Callable, first, {})
  const options = (second ?? {}) as TracedOptions
  if (typeof third === 'function') return wrap(third as Callable, first, options)
  return (target: unknown, key?: unknown, descriptor?: unknown) =>
    decorate(first, options, target, key, descriptor)
}

function decorate(
  name: string | undefined,
  options: TracedOptions,
  target: unknown,
  key: unknown,
  descriptor: unknown,
): unknown {
  if (isDescriptor(descriptor)) {
    descriptor.value = wrap(descriptor.value, name ?? String(key), options)
    return undefined
  }
  if (typeof target === 'function') return wrap(target as Callable, name ?? nameOf(target, key), options)
  throw new TypeError('traced() wraps functions and methods: it was given neither')
}

function isDescriptor(value: unknown): value is { value: Callable } {
  return typeof (value as TypedPropertyDescriptor<unknown> | undefined)?.value === 'function'
}

/** A decorated method is known by its name in the class; the function itself may have none. */
function nameOf(fn: { readonly name: string }, context: unknown): string {
  const { name = fn.name } = (context ?? {}) as Partial<ClassMethodDecoratorContext>
  return String(name) || 'anonymous'
}

type Untyped = (this: unknown, ...args: unknown[]) => unknown

function wrap(fn: Callable, name: string, options: TracedOptions): Callable {
  const call = fn as unknown as Untyped
  const optionsOf = spanOptions(name, options)
  const wrapper: Untyped = isGeneratorFunction(fn)
    ? function (...args) {
        return traceGenerator(name, optionsOf(args), call.apply(this, args) as Generator | AsyncGenerator)
      }
    : function (...args) {
        return ownTracer().startActiveSpan(name, optionsOf(args), (span) =>
          endWith(span, () => call.apply(this, args)),
        )
      }
  Object.defineProperty(wrapper, 'name', { configurable: true, value: fn.name })
  Object.defineProperty(wrapper, 'length', { configurable: true, value: fn.length })
  return wrapper as Callable
}

/** Decided when the function is wrapped: only attributes that depend on the call cost something at each. */
function spanOptions(
  name: string,
  { attributes, ...rest }: TracedOptions,
): (args: readonly unknown[]) => SpanOptions {
  if (typeof attributes !== 'function') {
    const fixed: SpanOptions = attributes === undefined ? rest : { ...rest, attributes }
    return () => fixed
  }
  const attributesOf = attributes as (...args: readonly unknown[]) => SpanAttributes
  return (args) => {
    try {
      const told = attributesOf(...args)
      ignoreRejection(told)
      return { ...rest, attributes: told }
    } catch (cause) {
      diag.warn(`traced('${name}'): its attributes function threw, so the span has none of them`, cause)
      return rest
    }
  }
}

function isGeneratorFunction(fn: unknown): boolean {
  const kind = Object.prototype.toString.call(fn)
  return kind === '[object GeneratorFunction]' || kind === '[object AsyncGeneratorFunction]'
}
