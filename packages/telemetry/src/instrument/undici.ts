/**
 * A CLIENT span for every request of undici, and so of the global `fetch`, with the context injected into its headers, by
 * the stable HTTP semantic conventions. It ends when the response's body has been read, or with the request's error.
 */
import {
  type Exception,
  propagation,
  type SpanOptions,
  SpanStatusCode,
  type TextMapSetter,
} from '@opentelemetry/api'
import { attributeKey } from '@rustok/otlp'
import { injectTo } from '../context/baggage-boundary.ts'
import { type TraceContext, toTraceContext } from '../context/context.ts'
import { activeContext } from '../context/context-manager.ts'
import { redactUrl } from '../redact/redact-url.ts'
import { errorCode, errorMessage, errorName } from '../trace/exception.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { rawHeadersGetter } from './http-server.ts'
import { subscribeAll } from './subscribe.ts'

interface UndiciRequest {
  readonly method: string
  readonly origin: string | URL
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  addHeader(name: string, value: string): void
}

const key = {
  method: attributeKey('http.request.method'),
  url: attributeKey('url.full'),
  serverAddress: attributeKey('server.address'),
  serverPort: attributeKey('server.port'),
  status: attributeKey('http.response.status_code'),
  errorType: attributeKey('error.type'),
}

const client: SpanOptions = { kind: 2 }
/** Replaces what is there: a proxy passes its caller's headers on, and two traceparents are none. */
const setter: TextMapSetter<UndiciRequest> = {
  set(request, name, value) {
    removeHeader(request, name)
    // A tracestate belongs to the traceparent that it came with.
    if (name === 'traceparent') removeHeader(request, 'tracestate')
    request.addHeader(name, value)
  },
}

function removeHeader({ headers }: UndiciRequest, name: string): void {
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i]!.toLowerCase() === name) headers.splice(i, 2)
  }
}

/** Outside of a trace, the one that the application names in the headers goes on. */
function contextOf({ headers }: UndiciRequest, active: TraceContext): TraceContext {
  return headers.length === 0
    ? active
    : toTraceContext(propagation.extract(active, headers, rawHeadersGetter))
}

export function instrumentUndici(provider: TracerProvider): () => void {
  const tracer = provider.getTracer('@rustok/telemetry/undici', '0.1.0')
  const spans = new WeakMap<UndiciRequest, RecordingSpan>()

  return subscribeAll({
    'undici:request:create': ({ request }: { request: UndiciRequest }) => {
      const active = activeContext()
      if (active.suppressed) return
      const context = active.span === undefined ? contextOf(request, active) : active
      const span = tracer.start(request.method, client, context)
      if (span instanceof RecordingSpan) {
        spans.set(request, span)
        describeRequest(span, request)
      }
      // Injected when nothing is recorded too: whoever is called must know that this trace is not sampled.
      injectTo(request.origin, context.withSpan(span), request, setter)
    },
    'undici:request:headers': (message: { request: UndiciRequest; response: { statusCode: number } }) => {
      const span = spans.get(message.request)
      const { statusCode } = message.response
      span?.setKey(key.status, statusCode)
      if (statusCode < 400) return
      span?.setKey(key.errorType, String(statusCode))
      span?.setStatus({ code: SpanStatusCode.ERROR })
    },
    'undici:request:trailers': ({ request }: { request: UndiciRequest }) => {
      spans.get(request)?.end()
      spans.delete(request)
    },
    // The error is whatever the application aborted with.
    'undici:request:error': ({ request, error }: { request: UndiciRequest; error: unknown }) => {
      const span = spans.get(request)
      if (span === undefined) return
      spans.delete(request)
      const message = errorMessage(error)
      span.recordException(error as Exception)
      span.setKey(key.errorType, errorCode(error) ?? errorName(error))
      span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) })
      span.end()
    },
  })
}

function describeRequest(span: RecordingSpan, { method, path, origin }: UndiciRequest): void {
  span.setKey(key.method, method)
  const url = URL.parse(path, String(origin))
  if (url === null) return
  span.setKey(key.url, redactUrl(url))
  span.setKey(key.serverAddress, url.hostname)
  span.setKey(key.serverPort, Number(url.port) || (url.protocol === 'https:' ? 443 : 80))
}
