/**
 * Every error answer outside GraphQL as RFC 9457 problem details. A client's mistake says what it was; ours says nothing but its
 * status, and goes to the log.
 */
import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply } from 'fastify'
import { DatabaseUnavailable, publicWords } from '../db/database-errors.ts'
import type { AppPlugin } from './plugin.ts'

const RETRY_AFTER_S = 1

export interface Problem {
  readonly status: number
  readonly detail?: string
  /** Further members, RFC 9457 section 3.2. */
  readonly [member: string]: unknown
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const body = { type: 'about:blank', title: STATUS_CODES[problem.status] ?? 'Error', ...problem }
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(body))
}

export const problems: AppPlugin = (app) => {
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, { status: 404 }))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof DatabaseUnavailable) {
      request.log.warn({ err: error.cause, reason: error.reason }, error.message)
      return sendProblem(reply.header('retry-after', RETRY_AFTER_S), {
        status: 503,
        detail: publicWords(error),
      })
    }
    const status = error.statusCode ?? 500
    if (status >= 400 && status < 500) return sendProblem(reply, { status, detail: error.message })
    request.log.error({ err: error }, 'request failed')
    return sendProblem(reply, { status: Math.max(status, 500) })
  })
}
