/**
 * The API's ContextManager over one AsyncLocalStorage, which instrumentation binds to diagnostics channels directly
 * (`channel.bindStore(storage, …)`), so that entering a context costs what Node's own propagation costs.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import type { Context, ContextManager } from '@opentelemetry/api'
import { emptyContext, TraceContext, toTraceContext } from './context.ts'

/** Holds the active context of the whole process: one storage, because each costs every asynchronous hop. */
export const contextStorage = new AsyncLocalStorage<Context>()

/** What is active where nothing was made active: in a worker thread the context in which it was created. */
let baseContext = emptyContext

export function setBaseContext(context: TraceContext): void {
  baseContext = context
}

/** The active context as ours. */
export function activeContext(): TraceContext {
  const context = contextStorage.getStore()
  if (context === undefined) return baseContext
  return context instanceof TraceContext ? context : toTraceContext(context)
}

export class StorageContextManager implements ContextManager {
  active(): Context {
    return contextStorage.getStore() ?? baseContext
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    if (thisArg === undefined) return contextStorage.run(context, fn, ...args)
    return contextStorage.run(context, () => fn.apply(thisArg, args))
  }

  /** Functions run in `context` from then on; emitters run the listeners that are added from then on in it. */
  bind<T>(context: Context, target: T): T {
    if (typeof target === 'function')
      return bindFunction(context, target as unknown as Callable) as unknown as T
    if (isEmitter(target)) bindEmitter(context, target)
    return target
  }

  enable(): this {
    return this
  }

  disable(): this {
    contextStorage.disable()
    return this
  }
}

type Callable = (this: unknown, ...args: unknown[]) => unknown
/** Node keeps the listener that a caller knows on the function that wraps it. */
type Listener = Callable & { readonly listener?: Callable }

function bindFunction(context: Context, target: Callable): Callable {
  const bound: Callable = function (...args) {
    return contextStorage.run(context, () => target.apply(this, args))
  }
  Object.defineProperty(bound, 'length', { configurable: true, value: target.length })
  Object.defineProperty(bound, 'name', { configurable: true, value: target.name })
  return bound
}

function isEmitter(target: unknown): target is EventEmitter {
  const candidate = target as Partial<EventEmitter> | null
  return (
    typeof candidate === 'object' && candidate !== null && typeof candidate.prependListener === 'function'
  )
}

const boundEmitters = new WeakSet<EventEmitter>()

function bindEmitter(context: Context, emitter: EventEmitter): void {
  if (boundEmitters.has(emitter)) return
  boundEmitters.add(emitter)
  const wrappers = new WeakMap<Listener, Callable>()
  const wrap = (listener: Listener): Callable => {
    if (typeof listener !== 'function') return listener
    const known = wrappers.get(listener)
    if (known !== undefined) return known
    const wrapper = bindFunction(context, listener)
    // `removeListener` and `listeners` of Node know wrapped listeners by this property; those of `once` come wrapped by Node.
    Object.defineProperty(wrapper, 'listener', { value: listener.listener ?? listener })
    wrappers.set(listener, wrapper)
    return wrapper
  }
  // `once` is left alone: Node implements it through `on`, and a listener must not be wrapped twice.
  for (const name of ['on', 'addListener', 'prependListener'] as const) {
    const original = emitter[name]
    Object.defineProperty(emitter, name, {
      configurable: true,
      writable: true,
      value: (event: string, listener: Listener) => original.call(emitter, event, wrap(listener)),
    })
  }
  // What `once` added removes itself by the function that Node wrapped it in, which the emitter does not hold. And `removeAllListeners`
  // removes our wrappers, of which those who listen to `removeListener` must not hear.
  const asHeld = (listener: Listener): Callable => {
    const known = listener?.listener
    if (known === undefined) return listener
    return wrappers.get(listener) ?? (wrappers.get(known) === listener ? known : listener)
  }
  for (const name of ['off', 'removeListener'] as const) {
    const original = emitter[name]
    Object.defineProperty(emitter, name, {
      configurable: true,
      writable: true,
      value: (event: string, listener: Listener) => original.call(emitter, event, asHeld(listener)),
    })
  }
}
