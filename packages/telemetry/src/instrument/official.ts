/**
 * The official instrumentation packages on our tracer: those that the application hands to initTracing get our provider, are switched on, and off
 * again at the shutdown. Where one covers what this package instruments as well, ours steps back: a request is one span.
 */
import type { TracerProvider } from '@opentelemetry/api'
import { diag } from '../own-diag.ts'
import type { InstrumentationName } from './names.ts'

/** What is used of an `Instrumentation` of `@opentelemetry/instrumentation`. */
export interface OfficialInstrumentation {
  readonly instrumentationName: string
  setTracerProvider(provider: TracerProvider): void
  getConfig(): { readonly enabled?: boolean }
  enable(): void
  disable(): void
}

/** Ours that do the same as an official one. Fastify's and Express's only name spans, which goes with everything. */
const sameAs: Readonly<Record<string, readonly InstrumentationName[]>> = {
  '@opentelemetry/instrumentation-http': ['http-server', 'http-client'],
  '@opentelemetry/instrumentation-undici': ['undici'],
  '@opentelemetry/instrumentation-graphql': ['graphql'],
  '@opentelemetry/instrumentation-mysql2': ['mysql2'],
  '@opentelemetry/instrumentation-ioredis': ['ioredis'],
  '@opentelemetry/instrumentation-redis': ['redis'],
  '@opentelemetry/instrumentation-pino': ['pino'],
}

/** Our instrumentations that step back for `given`. */
export function replacedBy(given: readonly OfficialInstrumentation[]): readonly InstrumentationName[] {
  return given.flatMap(({ instrumentationName }) => sameAs[instrumentationName] ?? [])
}

/** Starts them; the returned function stops them. One that fails does not keep the others from it. */
export function startOfficial(
  given: readonly OfficialInstrumentation[],
  provider: TracerProvider,
): () => void {
  const each = (what: string, act: (instrumentation: OfficialInstrumentation) => void) => {
    for (const instrumentation of given) {
      try {
        act(instrumentation)
      } catch (cause) {
        diag.error(`${instrumentation.instrumentationName} cannot be ${what}`, cause)
      }
    }
  }
  each('started', (instrumentation) => {
    instrumentation.setTracerProvider(provider)
    // They start themselves when they are made, unless told otherwise; who hands one over wants it.
    if (instrumentation.getConfig().enabled !== true) instrumentation.enable()
  })
  return () => each('stopped', (instrumentation) => instrumentation.disable())
}
