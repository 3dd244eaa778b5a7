/** The store as a request may see it: routes ask this one and no other, so that what a request may not see is out of every route's reach. */

import type { FastifyInstance } from 'fastify'
import type { StoreEngine } from '../store/engine.ts'

declare module 'fastify' {
  interface FastifyRequest {
    store: StoreEngine
  }
}

export function addStore(app: FastifyInstance, engine: StoreEngine): void {
  app.decorateRequest('store', { getter: () => engine })
}
