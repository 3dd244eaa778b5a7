/** Lens's HTTP server: Jaeger's query API, Lens's own, health and the web UI, on one port. */

import { randomUUID } from 'node:crypto'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import type { Gatekeeper } from '../access/gatekeeper.ts'
import type { CallCounter } from '../calls/call-counter.ts'
import type { SpanIntake } from '../ingest/span-intake.ts'
import { listen } from '../listen.ts'
import { QueryGate } from '../store/query-gate.ts'
import type { Store } from '../store/store.ts'
import { addCompression } from './compression.ts'
import type { EndpointsResponse, Problem } from './contract.ts'
import { healthRoutes } from './health-routes.ts'
import { jaegerRoutes } from './jaeger/routes.ts'
import { knownNames, type NamesConfig } from './known-names.ts'
import { lensRoutes } from './lens-routes.ts'
import { measureRequests, metricsRoutes } from './metrics-routes.ts'
import { openApiRoute } from './openapi-route.ts'
import { queryFailure } from './query-failure.ts'
import { refusalBody } from './refusal.ts'
import { addAccess } from './request-access.ts'
import { addStore } from './request-store.ts'
import { addSecurity } from './security.ts'
import { addUi } from './static-ui.ts'
import { addUnknownRoutes } from './unknown-routes.ts'

declare module 'fastify' {
  interface FastifyInstance {
    calls: CallCounter
  }
}

export interface ApiConfig extends NamesConfig {
  readonly dataDirectory: string
  /** Asked once Lens listens. */
  readonly endpoints: () => EndpointsResponse
}

/** Parameters are read by our own code, whose messages say more. Fastify's compilers would take 40 ms of each start to load. */
const noSchemas = { buildValidator: refuseSchemas, buildSerializer: refuseSchemas }

function refuseSchemas(): never {
  throw new Error('routes of Lens have no schemas')
}

export class ApiServer {
  readonly #app: FastifyInstance
  readonly #host: string
  /** Every route as `GET /api/services`, without HEAD. */
  readonly routes: readonly string[]

  private constructor(app: FastifyInstance, host: string, routes: readonly string[]) {
    this.#app = app
    this.routes = routes
    this.#host = host
  }

  static async create(
    store: Store,
    intake: SpanIntake,
    calls: CallCounter,
    gatekeeper: Gatekeeper,
    config: ApiConfig,
    log: Logger,
  ): Promise<ApiServer> {
    const app = Fastify({
      loggerInstance: log as FastifyBaseLogger,
      logController: new LogController({ disableRequestLogging: true }),
      bodyLimit: 1024 * 1024,
      requestTimeout: 30_000,
      // An address that cannot be read, before any hook.
      frameworkErrors: (error, request, reply: FastifyReply) => {
        const { type, body } = refusalBody(request.url, 400, error.message)
        reply.code(400).type(type).send(JSON.stringify(body))
      },
      // Under which the log has what went wrong: the client's own, if it has one that is harmless.
      genReqId: ({ headers }) => {
        const given = String(headers['x-request-id'] ?? '')
        return /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
      },
      forceCloseConnections: 'idle',
      routerOptions: { maxParamLength: 4096 },
      schemaController: { compilersFactory: noSchemas },
    })
    app.setErrorHandler((error, request, reply) => {
      const { status, title, detail } = queryFailure(error)
      if (status >= 500) request.log.error({ err: error }, 'a request failed')
      const problem: Problem = { type: 'about:blank', title, status, detail }
      reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
    })
    const routes: string[] = []
    app.addHook('onRoute', ({ method, url }) => {
      for (const name of [method].flat()) if (name !== 'HEAD') routes.push(`${name} ${url}`)
    })
    measureRequests(app)
    addSecurity(app, knownNames(config, gatekeeper.isLocked))
    addAccess(app, gatekeeper)
    addCompression(app)
    const gate = new QueryGate()
    addStore(app, store, gate)
    app.decorate('calls', calls)
    await app.register(lensRoutes, { prefix: '/api/lens', gatekeeper, intake, endpoints: config.endpoints })
    await app.register(jaegerRoutes, { prefix: '/api' })
    await app.register(openApiRoute, { prefix: '/api' })
    await app.register(healthRoutes, { prefix: '/health', store })
    await app.register(metricsRoutes, { store, calls, dataDirectory: config.dataDirectory, queries: gate })
    addUnknownRoutes(app, routes)
    await addUi(app)
    await app.ready()
    return new ApiServer(app, config.host, routes)
  }

  /** Resolves with the port. Rejects with StartupError when it cannot be had. */
  listen(port: number): Promise<number> {
    return listen(this.#app.server, this.#host, port, 'LENS_PORT')
  }

  /** Takes no more requests, and resolves when those in flight are answered. */
  async close(): Promise<void> {
    await this.#app.close()
  }

  /** Ends what `close` still waits for. */
  abort(): void {
    this.#app.server.closeAllConnections()
  }
}
