/**
 * A trace in a message: for queues, worker pools and everything that has no headers, and no instrumentation that writes them. The form is that
 * of OTEL_PROPAGATORS.
 */
import { defaultTextMapGetter, defaultTextMapSetter, propagation } from '@opentelemetry/api'
import { extractFromOwn, injectTo, injectToOwn } from './baggage-boundary.ts'
import { emptyContext, toTraceContext } from './context.ts'
import { activeContext, contextStorage, setBaseContext } from './context-manager.ts'

export interface InjectOptions {
  /** The host, or a URL of it, that the message goes to: tenant and user go along when RUSTOK_BAGGAGE_DESTINATIONS lists it. */
  readonly to?: string | URL
  /** The receiver is ours (a worker thread, our own queue): tenant and user go along. */
  readonly trusted?: boolean
}

export interface ContinueOptions {
  /** The sender is ours: the tenant and the user that it names are believed. */
  readonly trusted?: boolean
}

/** Writes the active context into `carrier`, and returns it. */
export function injectContext<C extends object = Record<string, string>>(
  carrier: C = {} as C,
  { to = '', trusted = false }: InjectOptions = {},
): C {
  const context = activeContext()
  if (trusted) injectToOwn(context, carrier, defaultTextMapSetter)
  else injectTo(to, context, carrier, defaultTextMapSetter)
  return carrier
}

/**
 * Runs `fn` in the context that `injectContext` wrote into `carrier`: spans below continue its trace. A carrier without a trace, or none at all,
 * is an empty context: what is active here has nothing to do with the message.
 */
export function continueTrace<T>(carrier: unknown, fn: () => T): T
export function continueTrace<T>(carrier: unknown, options: ContinueOptions, fn: () => T): T
export function continueTrace<T>(carrier: unknown, ...rest: [() => T] | [ContinueOptions, () => T]): T {
  const fn = rest.at(-1) as () => T
  const { trusted = false } = rest.length > 1 ? (rest[0] as ContinueOptions) : {}
  // A worker that is told the context with each message is one of a pool: whoever happened to create it is not what it works for.
  setBaseContext(emptyContext)
  const found = typeof carrier === 'object' && carrier !== null ? carrier : {}
  const context = trusted
    ? extractFromOwn(found, defaultTextMapGetter)
    : toTraceContext(propagation.extract(emptyContext, found, defaultTextMapGetter))
  return contextStorage.run(context, fn)
}
