/** Jaeger's GET /api/dependencies: the service graph, from calls counted as spans arrive, without a job at night. */

import type { FastifyInstance } from 'fastify'
import { dependencies } from '../../query/dependencies.ts'
import { clientGone } from '../client-gone.ts'
import { type Envelope, envelope } from './envelope.ts'
import { milliseconds } from './metric-parameters.ts'
import { clampNanos, one, type Query } from './parameters.ts'

export interface DependencyLink {
  readonly parent: string
  readonly child: string
  readonly callCount: number
}

const defaultLookback = 24n * 3_600_000n
export async function jaegerDependencyRoutes(app: FastifyInstance): Promise<void> {
  app.get<{ Querystring: Query }>(
    '/dependencies',
    async (request, reply): Promise<Envelope<DependencyLink[]>> => {
      const end = milliseconds(request.query, 'endTs') ?? BigInt(Date.now())
      const lookback = milliseconds(request.query, 'lookback') ?? defaultLookback
      const question = {
        from: clampNanos((end - lookback) * 1_000_000n),
        to: clampNanos(end * 1_000_000n + 999_999n),
        service: one(request.query, 'service'),
      }
      // Where more arrives than can be counted in a moment, the newest calls are left for a later answer: Jaeger's shape cannot say so.
      await app.calls.catchUp()
      const found = await dependencies(request.store, question, { signal: clientGone(reply) })
      const links = found.map(({ parent, child, calls }) => ({ parent, child, callCount: calls }))
      return envelope(links, links.length)
    },
  )
}
