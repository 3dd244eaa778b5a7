/**
 * The form in which events travel: CloudEvents 1.0 attributes, the Distributed Tracing extension's `traceparent` and
 * `tracestate`, and extensions of our own for tenant, actor, cause and version. Plain JSON, so that a broker can carry it unchanged.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
import { randomUUIDv7 } from 'node:crypto'
import { currentCause } from './cause.ts'

/** What a domain declares once per kind of event; it ties the type's name to the shape of its data. */
export interface EventType<Data extends object> {
  readonly type: string
  readonly source: string
  /** Of the shape of the data: a reader of version 2 may meet events of version 1 for as long as they are kept. */
  readonly version: number
  /** Never set: it only carries the type of the data. */
  readonly data?: Data
}

/** It becomes the subject at a broker, so it has no other characters: no wildcards, no spaces, nothing of a tenant. */
const TYPE = /^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$/

export function defineEvent<Data extends object>(
  type: string,
  source: string,
  { version = 1 }: { readonly version?: number } = {},
): EventType<Data> {
  if (!TYPE.test(type)) throw new TypeError(`"${type}" is no type of event: lower-case words with dots`)
  return { type, source, version }
}

/** An event that happened and is not yet written: everything but the context of its creation. */
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
  /** Absent where nobody had signed in. */
  readonly actorid?: string
  readonly schemaversion: number
  /** The first event of the chain that this one belongs to; its own id when it is the first. */
  readonly correlationid: string
  /** The event whose handler caused this one. */
  readonly causationid?: string
  readonly data: Data
}

export interface EventEnvelope<Data extends object = object> extends EventDraft<Data> {
  readonly specversion: '1.0'
  readonly datacontenttype: 'application/json'
  /** The span that created it (W3C Trace Context); absent when nothing traces. */
  readonly traceparent?: string
  readonly tracestate?: string
}

/** On whose behalf, in which tenant. */
export interface Actor {
  readonly tenantId: string
  readonly userId: string
}

/** Somebody who asked without signing in is nobody. */
export type EventActor = Pick<Actor, 'tenantId'> & Partial<Pick<Actor, 'userId'>>

export function draftEvent<Data extends object>(
  definition: EventType<Data>,
  actor: EventActor,
  subject: string,
  data: Data,
): EventDraft<Data> {
  const id = randomUUIDv7()
  const cause = currentCause()
  return {
    id,
    type: definition.type,
    source: definition.source,
    subject,
    time: new Date().toISOString(),
    tenantid: actor.tenantId,
    ...(actor.userId !== undefined && { actorid: actor.userId }),
    schemaversion: definition.version,
    correlationid: cause?.correlationid ?? id,
    ...(cause === undefined ? {} : { causationid: cause.id }),
    data,
  }
}

/** `carrier` is what the propagator wrote. */
export function sealEnvelope(
  draft: EventDraft,
  carrier: { traceparent?: string; tracestate?: string },
): EventEnvelope {
  const { traceparent, tracestate } = carrier
  const { data, ...attributes } = draft
  return {
    specversion: '1.0',
    ...attributes,
    datacontenttype: 'application/json',
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate ? { tracestate } : {}),
    data,
  }
}

/** Events with the same key happened to the same thing, and keep their order on the way to each handler. */
export function orderKey({ tenantid, source, subject }: EventDraft): string {
  return `${tenantid}\n${source}\n${subject}`
}
