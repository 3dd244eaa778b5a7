/** The id that a client can quote, and with which its trace is found: in the header `x-trace-id`, and in every error. */
import { type Context, context, isSpanContextValid, trace } from '@opentelemetry/api'

export const TRACE_ID_HEADER = 'x-trace-id'

/** Undefined while nothing is traced. */
export function traceIdOf(current: Context = context.active()): string | undefined {
  const identity = trace.getSpanContext(current)
  return identity !== undefined && isSpanContextValid(identity) ? identity.traceId : undefined
}
