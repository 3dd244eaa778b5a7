/** A signal that aborts when the client goes away before its answer, so that nobody computes for nobody. */

import type { FastifyReply } from 'fastify'

export function clientGone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return controller.signal
}
