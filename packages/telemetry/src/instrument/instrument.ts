/**
 * Instrumentation by diagnostics channels: what Node and libraries publish becomes spans; nothing is patched, and what is
 * left out costs nothing. Each instrumentation subscribes once and returns how to undo it.
 */
import type { InstrumentationFields } from '../config/instrumentation.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { instrumentExpress } from './express.ts'
import { instrumentFastify } from './fastify.ts'
import { instrumentGraphql } from './graphql.ts'
import { instrumentH3, instrumentSrvx } from './h3.ts'
import { instrumentHttpClient } from './http-client.ts'
import { instrumentHttpServer } from './http-server.ts'
import { instrumentMysql2 } from './mysql2.ts'
import { type InstrumentationName, type instrumentationNames, isNamed } from './names.ts'
import { type OfficialInstrumentation, replacedBy, startOfficial } from './official.ts'
import { instrumentPino } from './pino.ts'
import { instrumentIoredis, instrumentNodeRedis } from './redis.ts'
import { instrumentUndici } from './undici.ts'

type Start = (provider: TracerProvider, config: InstrumentationFields) => () => void

const instrumentations: Readonly<Record<(typeof instrumentationNames)[number], Start>> = {
  'http-server': instrumentHttpServer,
  'http-client': instrumentHttpClient,
  undici: instrumentUndici,
  fastify: instrumentFastify,
  express: instrumentExpress,
  h3: instrumentH3,
  srvx: instrumentSrvx,
  graphql: instrumentGraphql,
  mysql2: instrumentMysql2,
  ioredis: instrumentIoredis,
  redis: instrumentNodeRedis,
  pino: instrumentPino,
}

export interface InstrumentationOptions {
  /** Instrumentations to leave out. */
  readonly without?: readonly InstrumentationName[]
  /**
   * Of the official packages (`@opentelemetry/instrumentation-*`), for the libraries that this package does not cover, or in place of its own.
   */
  readonly instrumentations?: readonly OfficialInstrumentation[]
}

/** Starts those that configuration and options want; the returned function stops them. */
export function instrument(
  provider: TracerProvider,
  config: InstrumentationFields,
  { without = [], instrumentations: official = [] }: InstrumentationOptions,
): () => void {
  const { enabledInstrumentations: enabled, disabledInstrumentations: disabled } = config
  const replaced = replacedBy(official)
  const stops = (Object.entries(instrumentations) as [InstrumentationName, Start][])
    .filter(([name]) => enabled === undefined || isNamed(name, enabled))
    .filter(([name]) => ![disabled, without, replaced].some((list) => isNamed(name, list)))
    .map(([, start]) => start(provider, config))
  stops.push(startOfficial(official, provider))
  return () => {
    for (const stop of stops) stop()
  }
}
