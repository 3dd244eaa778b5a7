/** The contenders without a pipeline: no tracing call at all, and the OpenTelemetry API with nobody behind it. */
import { trace } from '@opentelemetry/api'
import { type Contender, nothingDone } from './contender.ts'

export function startLoopAlone(): Contender {
  return { tracer: undefined, settle: undefined, finish: async () => nothingDone }
}

export function startApiAlone(): Contender {
  return { tracer: trace.getTracer('bench'), settle: undefined, finish: async () => nothingDone }
}
