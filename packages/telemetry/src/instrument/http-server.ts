/**
 * A SERVER span for every request to a Node HTTP server, from `http.server.request.start` to `http.server.response.finish`, by the
 * stable HTTP semantic conventions. What the span says about request and response is read once, at its end.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Exception, propagation, type SpanOptions, SpanStatusCode } from '@opentelemetry/api'
import type { AttributeInput, AttributeKey, PreparedAttributes } from '@rustok/otlp'
import type { InstrumentationFields } from '../config/instrumentation.ts'
import { extractFrom } from '../context/baggage-boundary.ts'
import { emptyContext, suppressedContext, type TraceContext } from '../context/context.ts'
import { contextStorage } from '../context/context-manager.ts'
import { redactQuery } from '../redact/redact-url.ts'
import { errorMessage, errorName } from '../trace/exception.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import {
  connectionAttributes,
  errorTypeKey,
  httpKeys,
  pathKey,
  queryKey,
  type RequestKind,
  requestKind,
} from './http-request-attributes.ts'
import { ignoredPaths } from './ignored-paths.ts'
import { hasBody, rawHeader, rawHeadersGetter } from './raw-headers.ts'
import { subscribeAll } from './subscribe.ts'

const openRequest = Symbol('rustok.openRequest')
const openResponses = Symbol('rustok.openResponses')

/** A request whose span is open. */
interface OpenRequest {
  readonly span: RecordingSpan
  kind: RequestKind
  /** What a handler threw, and when, in milliseconds of the monotonic clock. */
  error: { readonly cause: unknown; readonly at: number } | undefined
}

interface TracedResponse extends ServerResponse<IncomingMessage> {
  [openRequest]?: OpenRequest | undefined
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

const serverSpan: SpanOptions = { kind: 1 }

export function instrumentHttpServer(
  provider: TracerProvider,
  { httpIgnorePaths }: Pick<InstrumentationFields, 'httpIgnorePaths'>,
): () => void {
  const tracer = provider.getTracer('@rustok/telemetry/http', '0.1.0')
  const propagated = propagation.fields().map((field) => field.toLowerCase())
  const isIgnored = ignoredPaths(httpIgnorePaths)

  const start = ({ request, response, socket }: ServerMessage): void => {
    if (isIgnored?.(originForm(request.url ?? '/')) === true) {
      // Nothing below it is recorded either, and it must not run in the context of the connection's last request.
      contextStorage.enterWith(suppressedContext)
      if (hasBody(request.rawHeaders)) emitIn(suppressedContext, request)
      return
    }
    const parent = extractContext(request, propagated)
    const kind = requestKind(request.method ?? 'GET', undefined)
    const span = tracer.start(kind.name, serverSpan, parent)
    const context = parent.withSpan(span)
    contextStorage.enterWith(context)
    if (hasBody(request.rawHeaders)) emitIn(context, request)
    if (!(span instanceof RecordingSpan)) return
    response[openRequest] = { span, kind, error: undefined }
    const open = socket[openResponses]
    if (open === undefined) watchConnection(socket, response)
    else open.push(response)
  }

  const finish = ({ request, response, socket }: ServerMessage): void => {
    const open = response[openRequest]
    if (open === undefined) return
    response[openRequest] = undefined
    const others = socket[openResponses]
    if (others?.length === 1) others.pop()
    else others?.splice(others.indexOf(response), 1)
    endSpan(open, request, response, socket)
  }

  return subscribeAll({ 'http.server.request.start': start, 'http.server.response.finish': finish })
}

/** Names the request's span by its route; for instrumentation of frameworks. */
export function setRoute(response: ServerResponse, method: string, route: string): void {
  const open = (response as TracedResponse)[openRequest]
  if (open === undefined) return
  open.kind = requestKind(method, route)
  open.span.name = open.kind.name
}

/** Notes what a handler threw: recorded at the end, if the response turns out to be the server's fault. */
export function setError(response: ServerResponse, cause: unknown): void {
  const open = (response as TracedResponse)[openRequest]
  if (open !== undefined) open.error = { cause, at: performance.now() }
}

/** One listener per connection, not per request: a client that hangs up leaves no span open. */
function watchConnection(socket: TracedSocket, response: TracedResponse): void {
  const responses = [response]
  socket[openResponses] = responses
  socket.once('close', () => {
    for (const abandoned of responses.splice(0)) {
      const open = abandoned[openRequest]
      if (open === undefined) continue
      abandoned[openRequest] = undefined
      fill(open.span, errorTypeKey, 'client_disconnected')
      open.span.setStatus({
        code: SpanStatusCode.ERROR,
        message: 'the connection closed before the response was complete',
      })
      endSpan(open, abandoned.req, abandoned, socket)
    }
  })
}

function endSpan(
  { span, kind, error }: OpenRequest,
  request: IncomingMessage,
  response: TracedResponse,
  socket: TracedSocket,
): void {
  const status = response.headersSent ? response.statusCode : 0
  if (status >= 500) {
    if (error !== undefined) {
      span.recordException(error.cause as Exception, error.at)
      fill(span, errorTypeKey, errorName(error.cause))
    }
    if (span.statusCode === 0) {
      const message = errorMessage(error?.cause)
      span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) })
    }
  }
  // Frameworks strip prefixes off `url` while routing; Express keeps the original.
  const url = originForm((request as { originalUrl?: string }).originalUrl ?? request.url ?? '/')
  const question = url.indexOf('?')
  const path = question < 0 ? url : url.slice(0, question)
  const own = setsNone(span)
  const pathIsRoute = path === kind.route
  const ofRequest = kind.attributes(status, pathIsRoute)
  const ofConnection = connectionAttributes(socket, request)
  if (own) {
    span.prepared1 = ofRequest
    span.prepared2 = ofConnection
  } else {
    fillIn(span, ofRequest)
    fillIn(span, ofConnection)
  }
  if (!pathIsRoute) fill(span, pathKey, path)
  if (question >= 0 && question + 1 < url.length) fill(span, queryKey, redactQuery(url.slice(question + 1)))
  span.end()
}

/** The path and query of a request target; proxies are sent whole URLs, perhaps with a password (RFC 9112, section 3.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const url = URL.parse(target)
  return url === null || url.host === '' ? target : url.pathname + url.search
}

/** Whether the span has none of the attributes that the prepared sets hold. */
function setsNone({ attributeList }: RecordingSpan): boolean {
  for (let i = 0; i < attributeList.length; i += 2) {
    if (httpKeys.has(attributeList[i] as AttributeKey)) return false
  }
  return true
}

/** What the application or another instrumentation has set itself stays. */
function fillIn(span: RecordingSpan, { list }: PreparedAttributes): void {
  for (let i = 0; i < list.length; i += 2) fill(span, list[i] as AttributeKey, list[i + 1] as AttributeInput)
}

function fill(span: RecordingSpan, key: AttributeKey, value: AttributeInput): void {
  if (!span.attributeList.includes(key)) span.setKey(key, value)
}

/** A body arrives later, in callbacks of the connection, which know nothing of the request: its events are emitted in its context. */
function emitIn(context: TraceContext, request: IncomingMessage): void {
  const { emit } = request
  request.emit = (...args: Parameters<typeof emit>) =>
    contextStorage.run(context, () => emit.apply(request, args))
}

/**
 * The context that a request brings. A request that brings nothing gets the empty one, which must be entered all the same: on a
 * kept-alive connection it would otherwise inherit the last request's.
 */
function extractContext(
  { rawHeaders, socket }: IncomingMessage,
  propagated: readonly string[],
): TraceContext {
  for (const field of propagated) {
    if (rawHeader(rawHeaders, field) === undefined) continue
    return extractFrom(socket, rawHeaders, rawHeadersGetter)
  }
  return emptyContext
}
