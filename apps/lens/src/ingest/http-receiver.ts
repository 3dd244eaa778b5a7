/**
 * The HTTP port for senders: who may send, what of a request is read, and how it is refused. What is sent is its routes' business: OTLP's
 * (otlp-routes.ts) and Zipkin's (zipkin/route.ts).
 *
 *   origin ─▶ path and method ─▶ sender ─▶ headers ─▶ body, within limits ─▶ route ─▶ answer      each step refuses before the next costs anything
 */

import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { Sender } from '../access/gatekeeper.ts'
import { listen } from '../listen.ts'
import {
  type IngestOutcome,
  ingestBytes,
  ingestRefusals,
  ingestRequests,
  type RefusalReason,
} from '../metrics/lens-metrics.ts'
import { BodyBudget } from './body-budget.ts'
import { answerClientError, type ClientError } from './client-error.ts'
import { CorsPolicy, varyByOrigin } from './cors-policy.ts'
import { HttpError } from './http-error.ts'
import { refusalBody, refusalHeaders, refusalOf } from './http-refusal.ts'
import { type ContentType, type HttpRoute, json, protobuf } from './http-route.ts'
import { checkJsonDensity } from './json-density.ts'
import { type HttpLimits, httpLimits, idleConnection } from './limits.ts'
import { checkHeaders, discard, readBody } from './read-body.ts'
import { hintFor, spokenIn, WrongProtocolLog } from './wrong-protocol.ts'

export interface HttpReceiverOptions {
  /** Throws AccessError for a request that may not send. */
  readonly gatekeeper: { sender(authorization: string | undefined): Sender }
  /** As CorsPolicy takes them. */
  readonly corsOrigins: readonly string[]
  /** Where OTLP over gRPC is taken, for senders that try it here. */
  readonly grpcPort: () => number
  readonly limits?: HttpLimits
}

/** Of a refused body: read on while it is so little, so that the connection lives. */
const smallRest = { bytes: 1024 * 1024, milliseconds: 1_000 }

export class HttpReceiver {
  readonly #routes: ReadonlyMap<string, HttpRoute>
  readonly #gatekeeper: HttpReceiverOptions['gatekeeper']
  readonly #cors: CorsPolicy
  readonly #limits: HttpLimits
  readonly #budget: BodyBudget
  readonly #log: Logger
  readonly #server

  constructor(routes: readonly HttpRoute[], options: HttpReceiverOptions, log: Logger) {
    const { gatekeeper, corsOrigins, grpcPort, limits = httpLimits } = options
    const strangers = new WrongProtocolLog(log, 'OTLP over HTTP')
    this.#routes = new Map(routes.map((route) => [route.path, route]))
    this.#gatekeeper = gatekeeper
    this.#cors = new CorsPolicy(corsOrigins)
    this.#limits = limits
    this.#budget = new BodyBudget(limits.bodies)
    this.#log = log
    this.#server = createServer({
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      connectionsCheckingInterval: limits.look,
      keepAliveTimeout: idleConnection,
    })
    this.#server.maxConnections = limits.connections
    this.#server.on('clientError', (error: ClientError, socket: Socket) => {
      const spoken = error.rawPacket === undefined ? 'http' : spokenIn(error.rawPacket)
      const hint = hintFor(spoken, 'http', grpcPort())
      if (spoken === 'grpc' || spoken === 'tls') strangers.add(spoken, hint, socket.remoteAddress)
      answerClientError(error, socket, spoken, hint)
    })
    this.#server.on('request', (request, response) => void this.#answer(request, response))
    // A sender that asks first is told to go on when its headers are good, and never sends a body that is not.
    this.#server.on('checkContinue', (request, response) => void this.#answer(request, response))
  }

  /** Resolves with the port. Rejects with StartupError, naming the variable, when it cannot be had. */
  listen(host: string, port: number, variable = 'LENS_OTLP_HTTP_PORT'): Promise<number> {
    return listen(this.#server, host, port, variable)
  }

  /** Takes no more requests, and resolves when those in flight are answered. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeIdleConnections()
    })
  }

  /** Ends what `close` still waits for. */
  abort(): void {
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const contentType = contentTypeOf(request)
    response.setHeader('vary', varyByOrigin)
    response.once('finish', () => this.#count(request, response))
    try {
      const origin = this.#allowedOrigin(request)
      if (origin !== undefined) setHeaders(response, this.#cors.answerHeaders(origin))
      if (request.method === 'OPTIONS') return this.#answerOptions(request, response, origin)
      const { status, body } = await this.#take(request, response, contentType)
      const headers = body === undefined ? {} : { 'content-type': contentType ?? json }
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body ?? '') })
      response.end(body)
    } catch (error) {
      if (!response.destroyed) await this.#refuse(request, response, contentType ?? json, error)
    }
  }

  async #take(request: IncomingMessage, response: ServerResponse, contentType: ContentType | undefined) {
    const route = this.#routeOf(request)
    const sender = this.#gatekeeper.sender(request.headers.authorization)
    if (contentType === undefined || !route.contentTypes.includes(contentType)) {
      throw new HttpError(415, `content-type must be ${route.contentTypes.join(' or ')}`)
    }
    const { body: largest, json: largestJson, pause } = this.#limits
    const limits = { largest: contentType === json ? Math.min(largest, largestJson) : largest, pause }
    checkHeaders(request, limits)
    route.checkRoom()
    if (asksFirst(request)) {
      response.writeContinue()
      delete request.headers.expect
    }
    const lease = this.#budget.open()
    try {
      const body = await readBody(request, lease, limits)
      if (contentType === json) checkJsonDensity(body)
      ingestBytes.add(body.length, { protocol: 'http' })
      return await route.accept(body, contentType, sender)
    } finally {
      lease.release()
    }
  }

  #count({ url = '', method }: IncomingMessage, { statusCode }: ServerResponse): void {
    const route = this.#routes.get(url.split('?', 1)[0]!)
    if (route === undefined || method === 'OPTIONS') return
    const of = { protocol: 'http', signal: route.takes } as const
    ingestRequests.add(1, { ...of, outcome: outcomeOf(statusCode) })
    if (statusCode >= 300) ingestRefusals.add(1, { ...of, reason: refusalReasons[statusCode] ?? 'failed' })
  }

  #routeOf({ url = '', method }: IncomingMessage): HttpRoute {
    const path = url.split('?', 1)[0]!
    const route = this.#routes.get(path)
    const takes = [...this.#routes.values()].map((each) => `${each.takes} at ${each.path}`).join(', ')
    if (path === '/v1/metrics') throw new HttpError(404, `metrics are not taken; Lens takes ${takes}`)
    if (route === undefined) throw new HttpError(404, `nothing is taken here; Lens takes ${takes}`)
    if (method !== 'POST') throw new HttpError(405, `${route.takes} are sent by POST`)
    return route
  }

  /** Of the page that sends, undefined for senders that are no pages. */
  #allowedOrigin({ headers: { origin } }: IncomingMessage): string | undefined {
    if (origin === undefined || this.#cors.allows(origin)) return origin
    throw new HttpError(403, `pages of ${origin} may not send here: LENS_CORS_ORIGINS names those that may`)
  }

  #answerOptions(request: IncomingMessage, response: ServerResponse, origin: string | undefined): void {
    const headers =
      origin === undefined ? { allow: 'POST, OPTIONS' } : this.#cors.preflightHeaders(origin, request.headers)
    response.writeHead(204, headers).end()
  }

  async #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    contentType: ContentType,
    error: unknown,
  ): Promise<void> {
    const refusal = refusalOf(error) ?? this.#ownFault(error)
    const isRead = await isReadToItsEnd(request)
    if (response.destroyed) return
    const body = Buffer.from(refusalBody(refusal, contentType))
    response.writeHead(refusal.status, {
      'content-type': contentType,
      'content-length': body.length,
      ...refusalHeaders(refusal),
      ...(isRead ? {} : { connection: 'close' }),
    })
    response.write(body)
    if (!isRead) await discard(request, this.#limits.body, this.#limits.linger)
    response.end()
  }

  #ownFault(error: unknown): { status: number; message: string } {
    this.#log.error({ err: error }, 'a request to the HTTP port failed')
    return { status: 500, message: 'Lens failed; its log says why' }
  }
}

/** Whether nothing of a refused body is left on the connection, to be taken for the next request. */
async function isReadToItsEnd(request: IncomingMessage): Promise<boolean> {
  if (request.readableEnded) return true
  // Who still waits to be told to go on sends no body, or sends it all the same: not to be known.
  if (asksFirst(request)) return false
  if (Number(request.headers['content-length'] ?? 0) > smallRest.bytes) return false
  return discard(request, smallRest.bytes, smallRest.milliseconds)
}

const refusalReasons: Readonly<Record<number, RefusalReason>> = {
  400: 'malformed',
  401: 'token',
  403: 'forbidden',
  404: 'address',
  405: 'address',
  408: 'too_slow',
  413: 'too_large',
  415: 'content_type',
  429: 'overloaded',
  503: 'unavailable',
}

function outcomeOf(status: number): IngestOutcome {
  if (status < 300) return 'accepted'
  if (status === 401 || status === 403) return 'denied'
  if (status === 429 || status === 503) return 'busy'
  return status < 500 ? 'invalid' : 'failed'
}

/** Until it was told to go on: then the header is taken off. */
function asksFirst({ headers }: IncomingMessage): boolean {
  return headers.expect?.toLowerCase() === '100-continue'
}

function setHeaders(response: ServerResponse, headers: OutgoingHttpHeaders): void {
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value)
}

function contentTypeOf({ headers }: IncomingMessage): ContentType | undefined {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === protobuf || type === json ? type : undefined
}
