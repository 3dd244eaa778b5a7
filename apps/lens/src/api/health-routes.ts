/** Liveness and readiness, for whoever runs Lens: open to all, and answered however busy the store is. */

import type { FastifyInstance } from 'fastify'
import type { Store } from '../store/store.ts'

export async function healthRoutes(
  app: FastifyInstance,
  { store }: { readonly store: Store },
): Promise<void> {
  const options = { config: { access: 'public' } } as const

  app.get('/live', options, async () => ({ status: 'ok' }))

  // Who asks for health and says no more wants to know whether to send requests here.
  for (const path of ['', '/ready']) {
    app.get(path, options, async (_, reply) => {
      if (await store.isAlive()) return { status: 'ok' }
      return reply.code(503).send({ status: 'unavailable', reason: 'the store does not answer' })
    })
  }
}
