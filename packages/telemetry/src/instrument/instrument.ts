/**
 * Instrumentation by diagnostics channels: what Node and libraries publish becomes spans; nothing is patched, and what is
 * left out costs nothing. Each instrumentation subscribes once and returns how to undo it.
 */
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { instrumentFastify } from './fastify.ts'
import { instrumentGraphql } from './graphql.ts'
import { instrumentHttpServer } from './http-server.ts'
import { instrumentUndici } from './undici.ts'

const instrumentations = {
  http: instrumentHttpServer,
  undici: instrumentUndici,
  fastify: instrumentFastify,
  graphql: instrumentGraphql,
} as const

export type InstrumentationName = keyof typeof instrumentations

/** Starts all but the named ones; the returned function stops them. */
export function instrument(provider: TracerProvider, without: readonly InstrumentationName[]): () => void {
  const stops = Object.entries(instrumentations)
    .filter(([name]) => !without.includes(name as InstrumentationName))
    .map(([, start]) => start(provider))
  return () => {
    for (const stop of stops) stop()
  }
}
