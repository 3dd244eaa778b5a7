/** Tenant and user of the running request: set once, on every span and log line below. */

import { isSpanContextValid, type SpanContext } from '@opentelemetry/api'
import type { TraceContext } from './context/context.ts'
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
  return activeSpanContext(activeContext())?.traceId
}

/** Of the span that is active, unless it is the empty one that stands for suppressed tracing. */
function activeSpanContext({ span }: TraceContext): SpanContext | undefined {
  const context = span?.spanContext()
  return context !== undefined && isSpanContextValid(context) ? context : undefined
}

export interface LogFields {
  readonly trace_id?: string
  readonly span_id?: string
  readonly tenant_id?: string
  readonly user_id?: string
}

/** What a log line should carry: `pino({ mixin: logFields })`. Empty outside of a trace and of `correlate`. */
export function logFields(): LogFields {
  const context = activeContext()
  const { span } = context
  const correlation = context.correlation ?? (span instanceof SpanIdentity ? span.correlation : undefined)
  const ids = activeSpanContext(context)
  return {
    ...(ids !== undefined && { trace_id: ids.traceId, span_id: ids.spanId }),
    ...(correlation?.tenantId !== undefined && { tenant_id: correlation.tenantId }),
    ...(correlation?.userId !== undefined && { user_id: correlation.userId }),
  }
}
