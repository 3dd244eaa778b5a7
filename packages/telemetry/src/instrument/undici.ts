/**
 * A CLIENT span for every request of undici, and so of the global `fetch`, with the context injected into its headers, by
 * the stable HTTP semantic conventions.
 */
import { propagation, type TextMapSetter } from '@opentelemetry/api'
import { injectTo } from '../context/baggage-boundary.ts'
import { type TraceContext, toTraceContext } from '../context/context.ts'
import { activeContext } from '../context/context-manager.ts'
import { RecordingSpan } from '../trace/recording-span.ts'
import type { TracerProvider } from '../trace/tracer-provider.ts'
import { clientSpan, describeRequest, endWithError, endWithStatus } from './http-client-span.ts'
import { shownMethod } from './http-method.ts'
import { rawHeadersGetter } from './raw-headers.ts'
import { subscribeAll } from './subscribe.ts'

interface UndiciRequest {
  readonly method: string
  readonly origin: string | URL
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  addHeader(name: string, value: string): void
}

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
  /** The request's open span, which nobody else will end then. */
  const take = (request: UndiciRequest): RecordingSpan | undefined => {
    const span = spans.get(request)
    spans.delete(request)
    return span
  }

  return subscribeAll({
    'undici:request:create': ({ request }: { request: UndiciRequest }) => {
      const active = activeContext()
      if (active.suppressed) return
      const context = active.span === undefined ? contextOf(request, active) : active
      const { method, path, origin } = request
      const span = tracer.start(shownMethod(method), clientSpan, context)
      if (span instanceof RecordingSpan) {
        spans.set(request, span)
        const url = URL.parse(path, String(origin))
        if (url !== null) describeRequest(span, method, url)
      }
      // Injected when nothing is recorded too: whoever is called must know that this trace is not sampled.
      injectTo(origin, context.withSpan(span), request, setter)
    },
    'undici:request:headers': (message: { request: UndiciRequest; response: { statusCode: number } }) => {
      const span = take(message.request)
      if (span !== undefined) endWithStatus(span, message.response.statusCode)
    },
    'undici:request:error': ({ request, error }: { request: UndiciRequest; error: unknown }) => {
      const span = take(request)
      if (span !== undefined) endWithError(span, error)
    },
  })
}
