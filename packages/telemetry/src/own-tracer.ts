/** The tracer of this package's own functions, `tracedSpan` and `traced`: looked up when the provider changes, not at every call. */
import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api'

const scopeName = '@rustok/telemetry'

let provider: TracerProvider | undefined
let tracer: Tracer | undefined

/** Of whichever provider is registered: ours, or another SDK's. */
export function ownTracer(): Tracer {
  const registered = trace.getTracerProvider()
  if (tracer === undefined || registered !== provider) {
    provider = registered
    tracer = registered.getTracer(scopeName)
  }
  return tracer
}
