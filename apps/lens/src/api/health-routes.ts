/** Liveness and readiness, for whoever runs Lens. */

import type { FastifyInstance } from 'fastify'

export async function healthRoutes(app: FastifyInstance): Promise<void> {
  app.get('/live', async () => ({ status: 'ok' }))

  app.get('/ready', async (request, reply) => {
    try {
      await request.store.query('SELECT 1', {}, { signal: AbortSignal.timeout(2_000) })
      return { status: 'ok' }
    } catch {
      return reply.code(503).send({ status: 'unavailable', reason: 'the store does not answer' })
    }
  })
}
