/** Liveness and readiness, for whoever runs Lens. */

import type { FastifyInstance } from 'fastify'
import type { StoreEngine } from '../store/engine.ts'

export async function healthRoutes(app: FastifyInstance, { engine }: { engine: StoreEngine }): Promise<void> {
  app.get('/live', async () => ({ status: 'ok' }))

  app.get('/ready', async (_request, reply) => {
    try {
      await engine.query('SELECT 1', {}, { signal: AbortSignal.timeout(2_000) })
      return { status: 'ok' }
    } catch {
      return reply.code(503).send({ status: 'unavailable', reason: 'the store does not answer' })
    }
  })
}
