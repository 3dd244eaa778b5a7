/** Lens's HTTP server: Jaeger's query API, Lens's own, health and the web UI, on one port. */

import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { listen } from '../listen.ts'
import type { StoreEngine } from '../store/engine.ts'
import { healthRoutes } from './health-routes.ts'
import { errorEnvelope } from './jaeger/envelope.ts'
import { jaegerRoutes } from './jaeger/routes.ts'
import { lensRoutes } from './lens-routes.ts'
import { addStore } from './request-store.ts'
import { addSecurity } from './security.ts'
import { addUi } from './static-ui.ts'

export class ApiServer {
  readonly #app: FastifyInstance
  readonly #host: string

  private constructor(app: FastifyInstance, host: string) {
    this.#app = app
    this.#host = host
  }

  static async create(engine: StoreEngine, host: string, log: Logger): Promise<ApiServer> {
    const app = Fastify({
      loggerInstance: log as FastifyBaseLogger,
      logController: new LogController({ disableRequestLogging: true }),
      bodyLimit: 1024 * 1024,
      requestTimeout: 30_000,
      forceCloseConnections: 'idle',
      routerOptions: { maxParamLength: 4096 },
    })
    addSecurity(app, host)
    addStore(app, engine)
    await app.register(lensRoutes, { prefix: '/api/lens' })
    await app.register(jaegerRoutes, { prefix: '/api' })
    await app.register(healthRoutes, { prefix: '/health' })
    app.get('/api/*', async (request, reply) =>
      reply.code(404).send(errorEnvelope(404, `there is no ${request.url.split('?', 1)[0]}`)),
    )
    await addUi(app)
    await app.ready()
    return new ApiServer(app, host)
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
