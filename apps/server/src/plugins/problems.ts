/**
 * Every error answer outside GraphQL as RFC 9457 problem details, with the id of its trace to quote. A client's mistake says what it was; ours
 * says nothing but its kind, and goes to the log.
 */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { context } from '@opentelemetry/api'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseUnavailable, publicWords } from '../db/database-errors.ts'
import { errorCode } from '../errors.ts'
import { TRACE_ID_HEADER, traceIdOf } from '../trace-id.ts'
import { kindOfStatus, type ProblemName, problemKinds, typeOf } from './problem-types.ts'

const RETRY_AFTER_S = 1
const PROBLEM_JSON = 'application/problem+json'

export interface Problem {
  readonly status: number
  /** Without it, that of the status. */
  readonly kind?: ProblemName
  readonly detail?: string
  /** Further members, RFC 9457 section 3.2. */
  readonly [member: string]: unknown
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const traceId = traceIdOf(reply.request.traceContext ?? context.active())
  // What the router refuses has met no hook that sets it.
  if (traceId !== undefined) reply.header(TRACE_ID_HEADER, traceId)
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(`${PROBLEM_JSON}; charset=utf-8`)
    .send(bodyOf(problem, traceId))
}

function bodyOf(
  { status, kind = kindOfStatus(status), detail, ...members }: Problem,
  traceId?: string,
): string {
  const { title } = problemKinds[kind]
  return JSON.stringify({ type: typeOf(kind), title, status, detail, traceId, ...members })
}

export const problems = (app: FastifyInstance): void => {
  const methods = new Map<string, string[]>()
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()])
  })
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.get(request.url.split('?', 1)[0]!)
    if (allowed === undefined) return sendProblem(reply, { status: 404 })
    return sendProblem(reply.header('allow', allowed.toSorted().join(', ')), { status: 405 })
  })
  app.setErrorHandler(answerError)
}

/** Also for what the router refuses before there is a route, which Fastify would answer in a form of its own (`frameworkErrors`). */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof DatabaseUnavailable) {
    request.log.warn({ err: error.cause, reason: error.reason }, error.message)
    return sendProblem(reply.header('retry-after', RETRY_AFTER_S), {
      status: 503,
      detail: publicWords(error),
    })
  }
  const { statusCode: status = 500, message } = error
  if (status >= 400 && status < 500) {
    // Fastify's own are for clients to read; what others say may not be.
    const detail = errorCode(error)?.startsWith('FST_ERR_') ? { detail: message } : {}
    return sendProblem(reply, { status, ...detail })
  }
  request.log.error({ err: error }, 'request failed')
  return sendProblem(reply, { status: Math.max(status, 500) })
}

/** What Node's parser gives up on: there is no request yet that could be answered otherwise (`clientErrorHandler`). */
export function answerBrokenRequest(error: Error, socket: Socket): void {
  const code = errorCode(error)
  if (code === 'ECONNRESET' || socket.destroyed) return
  const status = code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  const body = bodyOf({ status })
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_JSON}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
  }
  socket.destroy(error)
}
