/** For orchestrators: is the process alive, and should it get traffic. */
import type { AppPlugin } from './plugin.ts'
import { sendProblem } from './problems.ts'

/** Probes come every few seconds and say nothing while they succeed. */
const PROBE = { logLevel: 'warn' } as const

export const health: AppPlugin = (app, { readiness }) => {
  app.get('/health/live', PROBE, (_request, reply) => {
    reply.header('cache-control', 'no-store').send({ status: 'live' })
  })
  app.get('/health/ready', PROBE, async (_request, reply) => {
    const missing = await readiness.missing()
    if (missing.length > 0) return sendProblem(reply, { status: 503, detail: 'Not ready', missing })
    return reply.header('cache-control', 'no-store').send({ status: 'ready' })
  })
}
