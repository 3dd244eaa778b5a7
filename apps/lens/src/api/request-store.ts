/** The store as a request may see it: routes ask this one and no other, so that what a request may not see is out of every route's reach. */

import type { FastifyInstance } from 'fastify'
import type { StoreEngine } from '../store/engine.ts'
import { GatedEngine } from '../store/gated-engine.ts'
import type { QueryGate } from '../store/query-gate.ts'
import type { Store } from '../store/store.ts'
import './request-access.ts'

declare module 'fastify' {
  interface FastifyRequest {
    store: StoreEngine
  }
}

/** After `addAccess`, by which it goes. */
export function addStore(app: FastifyInstance, store: Store, gate: QueryGate): void {
  app.decorateRequest('store', {
    getter() {
      const { tenants, name } = this.access
      const engine = tenants === undefined ? store.engine : store.restrictedTo(tenants)
      // Behind one address there may be many people, and behind one token many machines.
      return new GatedEngine(engine, gate, `${name} ${this.ip}`)
    },
  })
}
