/** Tracers of this package's own functions, of whichever provider is registered: looked up when that changes, not at every call. */
import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api'

/** What gives the tracer of a scope: ours, or another SDK's. */
export function tracerOf(scope: string, version?: string): () => Tracer {
  let provider: TracerProvider | undefined
  let tracer: Tracer | undefined
  return () => {
    const registered = trace.getTracerProvider()
    if (tracer === undefined || registered !== provider) {
      provider = registered
      tracer = registered.getTracer(scope, version)
    }
    return tracer
  }
}

/** Of `tracedSpan` and `traced`. */
export const ownTracer = tracerOf('@rustok/telemetry')
