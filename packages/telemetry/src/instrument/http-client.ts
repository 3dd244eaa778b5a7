/**
 * A CLIENT span for every request of `node:http` and `node:https`, with the context injected into its headers, from `http.client.*` channels.
 * undici and so `fetch` are another client: no request is in both.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api'
import { injectTo } from '../context/baggage-boundary.ts'
import { type TraceContext, toTraceContext } from '../context/context.ts'
import { activeContext } from '../context/context-manager.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { clientSpan, describeRequest, endWithError, endWithStatus } from './http-client-span.ts'
import { shownMethod } from './http-method.ts'
import { subscribeAll } from './subscribe.ts'

const openSpan = Symbol('rustok.span')

interface TracedRequest extends ClientRequest {
  [openSpan]?: RecordingSpan | undefined
  /** The head, when Node has written it already: for headers that came as a list, and with `Expect: 100-continue`. */
  _header?: string | null
  /** What waits for the connection; the head already with `Expect: 100-continue`. */
  readonly outputData?: { data: unknown }[]
}

/** Replaces what is there: a proxy passes its caller's headers on, and two traceparents are none. */
const setter: TextMapSetter<TracedRequest> = {
  set(request, name, value) {
    if (typeof request._header === 'string') {
      setInHead(request, request._header, name, value)
      return
    }
    // A tracestate belongs to the traceparent that it came with.
    if (name === 'traceparent') request.removeHeader('tracestate')
    request.setHeader(name, value)
  },
}

/** The head stands ready as text; it has not been sent, as `created` is published within the constructor. */
function setInHead(request: TracedRequest, head: string, name: string, value: string): void {
  if (!head.endsWith('\r\n\r\n') || /[^\t\x20-\x7e]/.test(value)) return
  const stale = name === 'traceparent' ? ['traceparent', 'tracestate'] : [name]
  const lines = head
    .slice(0, -4)
    .split('\r\n')
    .filter((line) => !stale.some((other) => line.toLowerCase().startsWith(`${other}:`)))
  request._header = `${lines.join('\r\n')}\r\n${name}: ${value}\r\n\r\n`
  const waiting = request.outputData?.[0]
  if (waiting?.data === head) waiting.data = request._header
}

const getter: TextMapGetter<ClientRequest> = {
  keys: (request) => request.getHeaderNames(),
  get: (request, name) => {
    const value = request.getHeader(name)
    return typeof value === 'number' ? String(value) : value
  },
}

/** Outside of a trace, the one that the application names in the headers goes on. */
function contextOf(request: ClientRequest, active: TraceContext): TraceContext {
  return toTraceContext(propagation.extract(active, request, getter))
}

export function instrumentHttpClient(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@rustok/telemetry/http-client', '0.1.0')

  const created = ({ request }: { request: TracedRequest }): void => {
    const active = activeContext()
    if (active.suppressed) return
    const context = active.span === undefined ? contextOf(request, active) : active
    const { method } = request
    const span = tracer.start(shownMethod(method), clientSpan, context)
    const url = urlOf(request)
    if (span instanceof RecordingSpan) {
      request[openSpan] = span
      if (url !== null) describeRequest(span, method, url)
      // After an upgrade there is no response, and after `destroy` perhaps no error.
      request.once('close', close)
    }
    // Injected when nothing is recorded too: whoever is called must know that this trace is not sampled.
    // By the host that it goes to, whatever its `Host` header says.
    injectTo(request.host, context.withSpan(span), request, setter)
  }

  return subscribeAll({
    'http.client.request.created': created,
    'http.client.response.finish': (message: { request: TracedRequest; response: IncomingMessage }) => {
      const span = take(message.request)
      if (span !== undefined) endWithStatus(span, message.response.statusCode ?? 0)
    },
    'http.client.request.error': ({ request, error }: { request: TracedRequest; error: unknown }) => {
      const span = take(request)
      if (span !== undefined) endWithError(span, error)
    },
  })
}

/** The request's open span, which nobody else will end then. */
function take(request: TracedRequest): RecordingSpan | undefined {
  const span = request[openSpan]
  request[openSpan] = undefined
  return span
}

function close(this: TracedRequest): void {
  const span = take(this)
  if (span === undefined) return
  const { res } = this as { res?: IncomingMessage }
  if (res?.statusCode !== undefined) endWithStatus(span, res.statusCode)
  else span.end()
}

/** Null where the parts make no URL. The port is in the `Host` header that Node has made, unless it is the protocol's own. */
function urlOf(request: TracedRequest): URL | null {
  const { protocol, path } = request
  const named = request.getHeader('host') ?? /^host: *(.+)$/im.exec(request._header ?? '')?.[1]
  const host = typeof named === 'string' && named !== '' ? named : request.host
  // What a proxy is sent is a whole URL.
  return path.startsWith('/')
    ? URL.parse(`${protocol}//${host}${path}`)
    : URL.parse(path, `${protocol}//${host}`)
}
