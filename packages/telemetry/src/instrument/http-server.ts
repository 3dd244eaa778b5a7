/**
 * A SERVER span for every request to a Node HTTP server, from `http.server.request.start` to `http.server.response.finish`, by the
 * stable HTTP semantic conventions. What the span says about request and response is read once, at its end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { propagation, type SpanOptions, SpanStatusCode, type TextMapGetter } from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import { emptyContext, type TraceContext, toTraceContext } from '../context/context.ts'
import { contextStorage } from '../context/context-manager.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { redactQuery } from './redact-url.ts'
import { subscribeAll } from './subscribe.ts'

const requestSpan = Symbol('rustok.requestSpan')
const openResponses = Symbol('rustok.openResponses')

interface TracedResponse extends ServerResponse<IncomingMessage> {
  [requestSpan]?: RecordingSpan | undefined
}

interface TracedSocket extends Socket {
  /** Responses of this connection whose spans are open; more than one when requests are pipelined. */
  [openResponses]?: TracedResponse[]
}

interface ServerMessage {
  readonly request: IncomingMessage
  readonly response: TracedResponse
  readonly socket: TracedSocket
}

const key = {
  method: attributeKey('http.request.method'),
  methodOriginal: attributeKey('http.request.method_original'),
  status: attributeKey('http.response.status_code'),
  route: attributeKey('http.route'),
  scheme: attributeKey('url.scheme'),
  path: attributeKey('url.path'),
  query: attributeKey('url.query'),
  serverAddress: attributeKey('server.address'),
  serverPort: attributeKey('server.port'),
  clientAddress: attributeKey('client.address'),
  peerAddress: attributeKey('network.peer.address'),
  peerPort: attributeKey('network.peer.port'),
  protocolVersion: attributeKey('network.protocol.version'),
  userAgent: attributeKey('user_agent.original'),
  errorType: attributeKey('error.type'),
}

/** Other methods are named `HTTP` and recorded as `_OTHER`, so that a client cannot invent span names. */
const knownMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
])
const serverSpan: SpanOptions = { kind: 1 }

export function instrumentHttpServer(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@rustok/telemetry/http', '0.1.0')
  const propagated = new Set(propagation.fields().map((field) => field.toLowerCase()))

  const start = ({ request, response, socket }: ServerMessage): void => {
    const parent = extractContext(request, propagated)
    const method = request.method ?? 'GET'
    const span = tracer.start(knownMethods.has(method) ? method : 'HTTP', serverSpan, parent)
    contextStorage.enterWith(parent.withSpan(span))
    if (!(span instanceof RecordingSpan)) return
    response[requestSpan] = span
    const open = socket[openResponses]
    if (open === undefined) watchConnection(socket, response)
    else open.push(response)
  }

  const finish = ({ request, response, socket }: ServerMessage): void => {
    const span = response[requestSpan]
    if (span === undefined) return
    response[requestSpan] = undefined
    const open = socket[openResponses]
    if (open?.length === 1) open.pop()
    else open?.splice(open.indexOf(response), 1)
    endSpan(span, request, response, socket)
  }

  return subscribeAll({ 'http.server.request.start': start, 'http.server.response.finish': finish })
}

/** The server span that a response belongs to, while it is open; for instrumentation that knows the route. */
export function spanOfResponse(response: ServerResponse): RecordingSpan | undefined {
  return (response as TracedResponse)[requestSpan]
}

/** Names the request's span by its route, once somebody has found it. */
export function setRoute(span: RecordingSpan, method: string, route: string): void {
  span.name = `${knownMethods.has(method) ? method : 'HTTP'} ${route}`
  span.setKey(key.route, route)
}

/** One listener per connection, not per request: a client that hangs up leaves no span open. */
function watchConnection(socket: TracedSocket, response: TracedResponse): void {
  const open = [response]
  socket[openResponses] = open
  socket.once('close', () => {
    for (const abandoned of open.splice(0)) {
      const span = abandoned[requestSpan]
      if (span === undefined) continue
      abandoned[requestSpan] = undefined
      span.setKey(key.errorType, 'client_disconnected')
      span.setStatus({
        code: SpanStatusCode.ERROR,
        message: 'the connection closed before the response was complete',
      })
      endSpan(span, abandoned.req, abandoned, socket)
    }
  })
}

function endSpan(
  span: RecordingSpan,
  request: IncomingMessage,
  response: TracedResponse,
  socket: TracedSocket,
): void {
  const method = request.method ?? 'GET'
  const known = knownMethods.has(method)
  span.setKey(key.method, known ? method : '_OTHER')
  if (!known) span.setKey(key.methodOriginal, method)
  // Frameworks strip prefixes off `url` while routing; Express keeps the original.
  const url = (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/'
  const question = url.indexOf('?')
  span.setKey(key.path, question < 0 ? url : url.slice(0, question))
  if (question >= 0 && question + 1 < url.length) {
    span.setKey(key.query, redactQuery(url.slice(question + 1)))
  }
  span.setKey(key.scheme, 'encrypted' in socket ? 'https' : 'http')
  const { rawHeaders } = request
  const host = rawHeader(rawHeaders, 'host')
  if (host !== undefined) setHost(span, host)
  const agent = rawHeader(rawHeaders, 'user-agent')
  if (agent !== undefined) span.setKey(key.userAgent, agent)
  const { remoteAddress, remotePort } = socket
  if (remoteAddress !== undefined) {
    // A dual-stack socket shows IPv4 peers as mapped addresses.
    const address = remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress
    span.setKey(key.clientAddress, address)
    span.setKey(key.peerAddress, address)
  }
  if (remotePort !== undefined) span.setKey(key.peerPort, remotePort)
  span.setKey(key.protocolVersion, request.httpVersion)
  if (response.headersSent) {
    const { statusCode } = response
    span.setKey(key.status, statusCode)
    if (statusCode >= 500) {
      if (span.statusCode === 0) span.setStatus({ code: SpanStatusCode.ERROR })
      span.setKey(key.errorType, String(statusCode))
    }
  }
  span.end()
}

function setHost(span: RecordingSpan, host: string): void {
  const colon = host.lastIndexOf(':')
  const port = colon > host.lastIndexOf(']') ? Number(host.slice(colon + 1)) : Number.NaN
  span.setKey(key.serverAddress, Number.isInteger(port) ? host.slice(0, colon) : host)
  if (Number.isInteger(port)) span.setKey(key.serverPort, port)
}

/** Reads raw headers: the getter `request.headers` builds an object that a small handler never needs. */
function rawHeader(rawHeaders: readonly string[], name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const candidate = rawHeaders[i]!
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[i + 1]
  }
  return undefined
}

/** Reads what a propagator asks for from raw headers, all values of a repeated one. */
export const rawHeadersGetter: TextMapGetter<readonly string[]> = {
  keys: (rawHeaders) => rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()),
  get: (rawHeaders, name) => {
    const lower = name.toLowerCase()
    const values: string[] = []
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const candidate = rawHeaders[i]!
      if (candidate.length === lower.length && candidate.toLowerCase() === lower)
        values.push(rawHeaders[i + 1]!)
    }
    return values.length > 1 ? values : values[0]
  },
}

/**
 * The context that a request brings. A request that brings nothing gets the empty one, which must be entered all the same: on a
 * kept-alive connection it would otherwise inherit the last request's.
 */
function extractContext({ rawHeaders }: IncomingMessage, propagated: ReadonlySet<string>): TraceContext {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!propagated.has(rawHeaders[i]!.toLowerCase())) continue
    return toTraceContext(propagation.extract(emptyContext, rawHeaders, rawHeadersGetter))
  }
  return emptyContext
}
