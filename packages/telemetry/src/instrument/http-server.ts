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
import { headReader, rawHeadersGetter } from './raw-headers.ts'
import { subscribeAll } from './subscribe.ts'

const openRequest = Symbol('rustok.openRequest')
const openResponses = Symbol('rustok.openResponses')

/** A request whose span is open. */
interface OpenRequest {
  readonly span: RecordingSpan
  kind: RequestKind
  /** In the list of its connection. */
  place: number
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
  const readHead = headReader(propagation.fields())
  const isIgnored = ignoredPaths(httpIgnorePaths)

  const start = ({ request, response, socket }: ServerMessage): void => {
    const { host, userAgent, hasBody, hasContext } = readHead(request.rawHeaders)
    if (isIgnored?.(originForm(request.url ?? '/')) === true) {
      // Nothing below it is recorded either, and it must not run in the context of the connection's last request.
      contextStorage.enterWith(suppressedContext)
      if (hasBody) emitIn(suppressedContext, request)
      return
    }
    // On a kept-alive connection, a request that brings no context would otherwise inherit the last request's.
    const parent = hasContext ? extractFrom(socket, request.rawHeaders, rawHeadersGetter) : emptyContext
    const kind = requestKind(request.method ?? 'GET', undefined)
    const span = tracer.start(kind.name, serverSpan, parent)
    const context = parent.withSpan(span)
    contextStorage.enterWith(context)
    if (hasBody) emitIn(context, request)
    if (!(span instanceof RecordingSpan)) return
    span.prepared2 = connectionAttributes(socket, request.httpVersion, host, userAgent)
    const responses = socket[openResponses] ?? watchConnection(socket)
    response[openRequest] = { span, kind, place: responses.length, error: undefined }
    responses.push(response)
  }

  const finish = ({ request, response, socket }: ServerMessage): void => {
    const open = response[openRequest]
    if (open === undefined) return
    response[openRequest] = undefined
    remove(socket[openResponses]!, open.place)
    endSpan(open, request, response)
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
function watchConnection(socket: TracedSocket): TracedResponse[] {
  const responses: TracedResponse[] = []
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
      endSpan(open, abandoned.req, abandoned)
    }
  })
  return responses
}

/** The last one takes its place: a splice, with its search and its array, takes 0.1 µs more when ten are pipelined. */
function remove(responses: TracedResponse[], place: number): void {
  const last = responses.pop()
  if (last === undefined || place === responses.length) return
  responses[place] = last
  last[openRequest]!.place = place
}

function endSpan(
  { span, kind, error }: OpenRequest,
  request: IncomingMessage,
  response: TracedResponse,
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
  const pathIsRoute = path === kind.route
  const ofRequest = kind.attributes(status, pathIsRoute)
  if (setsNone(span)) span.prepared1 = ofRequest
  else fillIn(span, ofRequest)
  if (!pathIsRoute) fill(span, pathKey, path)
  if (question >= 0 && question + 1 < url.length) fill(span, queryKey, url.slice(question + 1))
  span.end()
}

/** The path and query of a request target; proxies are sent whole URLs, perhaps with a password (RFC 9112, section 3.2). */
function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const url = URL.parse(target)
  return url === null || url.host === '' ? target : url.pathname + url.search
}

/** Whether the span has none of the attributes that the prepared set holds. */
function setsNone({ attributeKeys }: RecordingSpan): boolean {
  for (let i = 0; i < attributeKeys.length; i++) if (httpKeys.has(attributeKeys[i]!)) return false
  return true
}

/** What the application or another instrumentation has set itself stays. */
function fillIn(span: RecordingSpan, { list }: PreparedAttributes): void {
  for (let i = 0; i < list.length; i += 2) fill(span, list[i] as AttributeKey, list[i + 1] as AttributeInput)
}

function fill(span: RecordingSpan, key: AttributeKey, value: AttributeInput): void {
  if (!span.has(key)) span.setKey(key, value)
}

/** A body arrives later, in callbacks of the connection, which know nothing of the request: its events are emitted in its context. */
function emitIn(context: TraceContext, request: IncomingMessage): void {
  const { emit } = request
  request.emit = (...args: Parameters<typeof emit>) =>
    contextStorage.run(context, () => emit.apply(request, args))
}
