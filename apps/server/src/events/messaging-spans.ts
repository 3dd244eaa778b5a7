/**
 * The spans of an event on its way, by the messaging semantic conventions: `create` where it happens, `publish` when the relay hands it to
 * the bus, `process` for each attempt of each handler. The envelope carries the context of `create`, which all others refer to.
 * https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  type Link,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api'
import { correlate, tracedSpan } from '@rustok/telemetry'
import { type EventDraft, type EventEnvelope, sealEnvelope } from './envelope.ts'

/** `messaging.system`. The bus within the database is not one of the conventions' well-known ones. */
export type MessagingSystem = 'in_process' | 'nats'

/** A span has 128 links by default; what a batch has beyond it is counted, not linked. */
const MAX_LINKS = 128

/** The key of the official SDK's `suppressTracing`. */
const UNTRACED = ROOT_CONTEXT.setValue(
  createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'),
  true,
)

/** For what runs again and again whether or not there is something to do: it leaves no spans, and belongs to no request. */
export function untraced<T>(work: () => T): T {
  return context.with(UNTRACED, work)
}

/** `create <type>` (PRODUCER), below the span of what happened; the envelope names it as its origin. */
export function traceCreation(draft: EventDraft): EventEnvelope {
  const attributes = {
    ...messageAttributes(draft),
    'messaging.operation.name': 'create',
    'messaging.operation.type': 'create',
  }
  return tracedSpan(`create ${draft.type}`, attributes, { kind: SpanKind.PRODUCER }, () => {
    const carrier: { traceparent?: string; tracestate?: string } = {}
    propagation.inject(context.active(), carrier)
    return sealEnvelope(draft, carrier)
  })
}

/** Runs `publish` inside `publish <type>` (CLIENT), in the trace of the event: how long it waited, and for whom, can be seen there. */
export function tracePublish<T>(
  event: EventEnvelope,
  { system, batchSize }: { readonly system: MessagingSystem; readonly batchSize: number },
  publish: () => T,
): T {
  const attributes = {
    'messaging.system': system,
    ...messageAttributes(event),
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    ...(batchSize > 1 ? { 'messaging.batch.message_count': batchSize } : {}),
  }
  return inTraceOf(event, () =>
    tracedSpan(`publish ${event.type}`, attributes, { kind: SpanKind.CLIENT }, publish),
  )
}

/** The relay's own work on a batch (INTERNAL), a trace of its own that links to those of its events. */
export function traceRelay<T>(
  events: readonly EventEnvelope[],
  system: MessagingSystem,
  work: () => Promise<T>,
): Promise<T> {
  const attributes = { 'messaging.system': system, 'messaging.batch.message_count': events.length }
  const links = events.slice(0, MAX_LINKS).flatMap((event) => linksTo(originOf(event)))
  const tenantId = common(events, (event) => event.tenantid)
  const userId = common(events, (event) => event.actorid)
  return context.with(ROOT_CONTEXT, () =>
    correlate({ ...(tenantId && { tenantId }), ...(tenantId && userId && { userId }) }, () =>
      tracedSpan('relay outbox', attributes, { links }, work),
    ),
  )
}

/**
 * Runs `handle` inside `process <type>` (CONSUMER), for the tenant and actor of the event. The parent is the span that created the event:
 * one event, one trace. The link says the same to a reader who follows links.
 */
export function traceProcess<T>(
  event: EventEnvelope,
  { system, handler, attempt }: { system: MessagingSystem; handler: string; attempt: number },
  handle: () => Promise<T>,
): Promise<T> {
  const attributes = {
    'messaging.system': system,
    ...messageAttributes(event),
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': handler,
    ...(attempt > 1 ? { 'rustok.delivery.attempt': attempt } : {}),
  }
  const links = linksTo(originOf(event))
  return inTraceOf(event, () =>
    tracedSpan(`process ${event.type}`, attributes, { kind: SpanKind.CONSUMER, links }, handle),
  )
}

function inTraceOf<T>(event: EventEnvelope, work: () => T): T {
  return context.with(originOf(event), () =>
    correlate({ tenantId: event.tenantid, ...(event.actorid && { userId: event.actorid }) }, work),
  )
}

function originOf(event: EventEnvelope): Context {
  return propagation.extract(ROOT_CONTEXT, event)
}

function linksTo(origin: Context): Link[] {
  const creator = trace.getSpanContext(origin)
  return creator === undefined ? [] : [{ context: creator }]
}

function messageAttributes(event: EventDraft): Attributes {
  return {
    'messaging.destination.name': event.type,
    'messaging.message.id': event.id,
    'messaging.message.conversation_id': event.correlationid,
  }
}

/** What all have in common, if they do. */
function common<T>(events: readonly T[], of: (event: T) => string | undefined): string | undefined {
  const [first] = events
  return first !== undefined && events.every((event) => of(event) === of(first)) ? of(first) : undefined
}
