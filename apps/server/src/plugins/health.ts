/** For orchestrators: is the process alive, and should it get traffic. */
import type { FastifyInstance } from 'fastify'
import type { AppServices } from './plugin.ts'
import { sendProblem } from './problems.ts'

/** Probes come every few seconds and say nothing while they succeed. */
const PROBE = { logLevel: 'warn' } as const

export const health = (app: FastifyInstance, { readiness }: Pick<AppServices, 'readiness'>): void => {
  app.get('/health/live', PROBE, (_request, reply) => {
    reply.header('cache-control', 'no-store').send({ status: 'live' })
  })
  app.get('/health/ready', PROBE, async (_request, reply) => {
    const { ready, degraded, checks } = await readiness.report()
    if (ready) {
      const status = degraded ? 'degraded' : 'ready'
      return reply.header('cache-control', 'no-store').send({ status, checks })
    }
    const failed = Object.keys(checks).filter((name) => checks[name]?.status === 'failed')
    return sendProblem(reply, {
      status: 503,
      kind: 'not-ready',
      detail: `Not ready: ${failed.join(', ')}`,
      checks,
    })
  })
}
