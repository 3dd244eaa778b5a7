/**
 * The producer and consumer spans of an event, by the messaging semantic conventions. The bus wraps `publish` and each call of
 * a handler in them; the envelope carries the context from one to the other.
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
import { type Attributes, context, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { correlate, tracedSpan } from '@rustok/telemetry'
import { type EventDraft, type EventEnvelope, sealEnvelope } from './envelope.ts'

/** `messaging.system` of the bus within this process; not one of the conventions' well-known brokers. */
const SYSTEM = 'in_process'

/** Runs `deliver` with the sealed envelope inside `publish <type>` (PRODUCER); the envelope names that span as its origin. */
export function tracePublish(draft: EventDraft, deliver: (event: EventEnvelope) => void): void {
  const attributes = {
    ...messageAttributes(draft),
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
  }
  tracedSpan(`publish ${draft.type}`, attributes, { kind: SpanKind.PRODUCER }, () => {
    const carrier: { traceparent?: string; tracestate?: string } = {}
    propagation.inject(context.active(), carrier)
    deliver(sealEnvelope(draft, carrier))
  })
}

/**
 * Runs `handle` inside `process <type>` (CONSUMER), for the tenant and actor of the event. The parent is the publisher's span:
 * one event, one trace. The link says the same to a reader who follows links, and stays right once events come in batches.
 */
export function traceProcess(
  event: EventEnvelope,
  handler: string,
  handle: () => Promise<void>,
): Promise<void> {
  const attributes = {
    ...messageAttributes(event),
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': handler,
  }
  const origin = propagation.extract(ROOT_CONTEXT, event)
  const publisher = trace.getSpanContext(origin)
  const links = publisher === undefined ? [] : [{ context: publisher }]
  return context.with(origin, () =>
    correlate({ tenantId: event.tenantid, userId: event.actorid }, () =>
      tracedSpan(`process ${event.type}`, attributes, { kind: SpanKind.CONSUMER, links }, handle),
    ),
  )
}

function messageAttributes(event: EventDraft): Attributes {
  return {
    'messaging.system': SYSTEM,
    'messaging.destination.name': event.type,
    'messaging.message.id': event.id,
  }
}
