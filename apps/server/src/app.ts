/**
 * Builds the HTTP applications: one ordered list of plugins over the services it is given. It opens nothing and listens nowhere, so
 * tests inject requests into it; `start.ts` makes the services and listens.
 */
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { auth } from './plugins/auth.ts'
import { graphql } from './plugins/graphql.ts'
import { health } from './plugins/health.ts'
import { httpMetrics } from './plugins/http-metrics.ts'
import { openapi } from './plugins/openapi.ts'
import { passwords } from './plugins/passwords.ts'
import type { AppPlugin, AppServices } from './plugins/plugin.ts'
import { answerBrokenRequest, answerError, problems } from './plugins/problems.ts'
import { RequestLog } from './plugins/request-log.ts'
import { signIn } from './plugins/sign-in.ts'
import { tenancy } from './plugins/tenancy.ts'
import { tracing } from './plugins/tracing.ts'

/** Hooks run in this order: a request has its trace before anything else happens to it. */
const PLUGINS: readonly AppPlugin[] = [
  tracing,
  problems,
  httpMetrics,
  health,
  auth,
  signIn,
  tenancy,
  passwords,
  openapi,
  graphql,
]

const WORKER_PLUGINS = [tracing, problems, httpMetrics, health]

type WorkerServices = Pick<AppServices, 'log' | 'metrics' | 'readiness'>

/** A document of 20,000 characters and as much again in variables, in UTF-8, with room to spare. */
const BODY_LIMIT = 256 * 1024
/** For a request to arrive in full; slower ones are cut off with 408. */
const REQUEST_TIMEOUT_MS = 30_000

export function buildApp(services: AppServices): FastifyInstance {
  const app = Fastify({
    ...common(services),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // What proxies' headers say counts from those alone that were named.
    trustProxy: services.trustedProxies.length === 0 ? false : [...services.trustedProxies],
  })
  // JSON is all that this server reads; anything else is answered with 415 before it is read.
  app.removeContentTypeParser('text/plain')
  for (const plugin of PLUGINS) plugin(app, services)
  return app
}

/** A worker has no API: its port is for those who look after it. */
export function buildWorkerApp(services: WorkerServices): FastifyInstance {
  const app = Fastify(common(services))
  for (const plugin of WORKER_PLUGINS) plugin(app, services)
  return app
}

function common({ log }: WorkerServices) {
  return {
    loggerInstance: log as FastifyBaseLogger,
    logController: new RequestLog(),
    forceCloseConnections: 'idle',
    frameworkErrors: answerError,
    clientErrorHandler: answerBrokenRequest,
  } as const
}
