/** A row of `spans` as the queries read it, back in the words of OTLP: what the API's views and Jaeger's JSON are made from. */

import type { KeyValue } from '@rustok/otlp'
import { decodeAttribute } from './attribute-token.ts'
import type { StoredResource, StoredScope } from './resource-blob.ts'

export interface StoredSpan {
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root span. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly flags: number
  readonly name: string
  readonly kind: number
  readonly startUnixNano: bigint
  /** End minus start as sent: negative when the span ended before it began. */
  readonly durationNano: bigint
  readonly status: number
  readonly statusMessage: string
  readonly tenant: string
  readonly user: string
  readonly service: string
  readonly resource: StoredResource
  readonly scope: StoredScope
  readonly attributes: readonly KeyValue[]
  readonly events: readonly StoredEvent[]
  readonly links: readonly StoredLink[]
  readonly droppedAttributes: number
  readonly droppedEvents: number
  readonly droppedLinks: number
}

export interface StoredEvent {
  readonly timeUnixNano: bigint
  readonly name: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributes: number
}

export interface StoredLink {
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
  readonly traceState: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributes: number
}

/** Undoes SpanBlock's list of an event. */
export function decodeEvent([head = '', name = '', ...attributes]: readonly string[]): StoredEvent {
  const [time = '0', dropped = '0'] = head.split(' ')
  return {
    timeUnixNano: BigInt(time),
    name: name.slice('name:s='.length),
    attributes: attributes.map(decodeAttribute),
    droppedAttributes: Number(dropped),
  }
}

/** Undoes SpanBlock's list of a link. */
export function decodeLink([head = '', state = '', ...attributes]: readonly string[]): StoredLink {
  const [traceId = '', spanId = '', flags = '0', dropped = '0'] = head.split(' ')
  return {
    traceId,
    spanId,
    flags: Number(flags),
    traceState: state.slice('state:s='.length),
    attributes: attributes.map(decodeAttribute),
    droppedAttributes: Number(dropped),
  }
}
