/**
 * The form in which events travel: CloudEvents 1.0 attributes, the Distributed Tracing extension's `traceparent` and
 * `tracestate`, and two extensions of our own for tenant and actor. Plain JSON, so that a broker can carry it unchanged.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import { randomUUIDv7 } from 'node:crypto'

/** What a domain declares once per kind of event; it ties the type's name to the shape of its data. */
export interface EventType<Data extends object> {
  readonly type: string
  readonly source: string
  /** Never set: it only carries the type of the data. */
  readonly data?: Data
}

export function defineEvent<Data extends object>(type: string, source: string): EventType<Data> {
  return { type, source }
}

/** An event that happened and is not yet published: everything but the context of its publication. */
export interface EventDraft<Data extends object = object> {
  readonly id: string
  readonly type: string
  readonly source: string
  /** What it happened to, within the tenant. */
  readonly subject: string
  /** RFC 3339. */
  readonly time: string
  /** CloudEvents extension names are lower-case letters and digits alone. */
  readonly tenantid: string
  readonly actorid: string
  readonly data: Data
}

export interface EventEnvelope<Data extends object = object> extends EventDraft<Data> {
  readonly specversion: '1.0'
  readonly datacontenttype: 'application/json'
  /** The span that published it (W3C Trace Context); absent when nothing traces. */
  readonly traceparent?: string
  readonly tracestate?: string
}

/** On whose behalf, in which tenant. */
export interface Actor {
  readonly tenantId: string
  readonly userId: string
}

export function draftEvent<Data extends object>(
  definition: EventType<Data>,
  actor: Actor,
  subject: string,
  data: Data,
): EventDraft<Data> {
  return {
    id: randomUUIDv7(),
    type: definition.type,
    source: definition.source,
    subject,
    time: new Date().toISOString(),
    tenantid: actor.tenantId,
    actorid: actor.userId,
    data,
  }
}

/** `carrier` is what the propagator wrote. Frozen, because all handlers in the process see the same object. */
export function sealEnvelope(
  draft: EventDraft,
  carrier: { traceparent?: string; tracestate?: string },
): EventEnvelope {
  const { traceparent, tracestate } = carrier
  return Object.freeze({
    specversion: '1.0',
    ...draft,
    datacontenttype: 'application/json',
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate ? { tracestate } : {}),
    data: Object.freeze({ ...draft.data }),
  })
}
