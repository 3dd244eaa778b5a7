/** Tenant and user of the running request: set once, on every span and log line below. */

import { activeContext, contextStorage } from './context/context-manager.ts'
import { type Correlation, type CorrelationFields, correlationOf } from './context/correlation.ts'
import type { RecordingSpan as Recording } from './trace/recording-span.ts'
import { RecordingSpan } from './trace/recording-span.ts'
import { SpanIdentity } from './trace/span-identity.ts'

/**
 * Runs `fn`; every span started below it, ours or a library's, carries `tenant_id` and `user_id`. The active span and the
 * first span of the request in this process get them too. A field that is left out is inherited from outside.
 */
export function correlate<T>(fields: CorrelationFields, fn: () => T): T {
  const context = activeContext()
  const { span } = context
  const outer = context.correlation ?? (span instanceof SpanIdentity ? span.correlation : undefined)
  const correlation = correlationOf(fields, outer)
  if (span instanceof RecordingSpan) markOpenSpans(span, correlation)
  return contextStorage.run(context.withCorrelation(correlation), fn)
}

function markOpenSpans(span: Recording, correlation: Correlation): void {
  span.correlate(correlation)
  span.localRoot?.correlate(correlation)
}

/** The trace id of the active span, 32 hex digits. */
export function currentTraceId(): string | undefined {
  const { span } = activeContext()
  if (span === undefined) return undefined
  return span instanceof SpanIdentity ? span.traceIdHex() : span.spanContext().traceId
}

export interface LogFields {
  readonly trace_id?: string
  readonly span_id?: string
  readonly tenant_id?: string
  readonly user_id?: string
}

/** What a log line should carry: `pino({ mixin: logFields })`. Empty outside of a trace and of `correlate`. */
export function logFields(): LogFields {
  const { span, correlation: own } = activeContext()
  const ids = span instanceof SpanIdentity ? span : undefined
  const correlation = own ?? ids?.correlation
  return {
    ...(span !== undefined && { trace_id: span.spanContext().traceId, span_id: span.spanContext().spanId }),
    ...(correlation?.tenantId !== undefined && { tenant_id: correlation.tenantId }),
    ...(correlation?.userId !== undefined && { user_id: correlation.userId }),
  }
}
