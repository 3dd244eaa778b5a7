/** What the rows of a request are, by its objects, one after the other: the naive way, which the ingest's own must agree with. */

import type { KeyValue, Span, TraceRequest } from '@rustok/otlp'
import { encodeAttribute } from '../../src/store/attribute-token.ts'
import { encodeResource, encodeScope } from '../../src/store/resource-blob.ts'
import type { NativeRow } from './native-rows.ts'
import { hex } from './spans.ts'

export interface NaiveRows {
  readonly rows: readonly NativeRow[]
  readonly refused: number
}

export function naiveRows({ resourceSpans }: TraceRequest, received: number, tenant?: string): NaiveRows {
  const rows: NativeRow[] = []
  let refused = 0
  for (const ofResource of resourceSpans) {
    const inherited = ofResource.resource.attributes
    for (const ofScope of ofResource.scopeSpans) {
      for (const span of ofScope.spans) {
        if (!isValid(span)) {
          refused++
          continue
        }
        const service = named(inherited, ['service.name'])
        rows.push({
          tenant: tenant ?? named(span.attributes, ['tenant_id']) ?? named(inherited, ['tenant_id']) ?? '',
          trace_id: hex(span.traceId),
          span_id: hex(span.spanId),
          parent_span_id: hex(span.parentSpanId).padEnd(16, '0'),
          start: span.startTimeUnixNano,
          duration: BigInt.asIntN(64, span.endTimeUnixNano - span.startTimeUnixNano),
          user: named(span.attributes, users) ?? named(inherited, users) ?? '',
          service: service === undefined ? 'missing-service-name' : service || 'empty-service-name',
          name: span.name,
          kind: BigInt(span.kind),
          status: BigInt(span.status.code),
          status_message: span.status.message,
          trace_state: span.traceState,
          flags: BigInt(span.flags),
          resource: encodeResource(ofResource),
          scope: encodeScope(ofScope),
          attributes: span.attributes.map(encodeAttribute),
          dropped_attributes: BigInt(span.droppedAttributesCount),
          events: span.events.map((event) => [
            `${event.timeUnixNano} ${event.droppedAttributesCount}`,
            `name:s=${event.name}`,
            ...event.attributes.map(encodeAttribute),
          ]),
          dropped_events: BigInt(span.droppedEventsCount),
          links: span.links.map((link) => [
            `${hex(link.traceId)} ${hex(link.spanId)} ${link.flags} ${link.droppedAttributesCount}`,
            `state:s=${link.traceState}`,
            ...link.attributes.map(encodeAttribute),
          ]),
          dropped_links: BigInt(span.droppedLinksCount),
          received: BigInt(received),
        })
      }
    }
  }
  return { rows, refused }
}

const users = ['user_id', 'enduser.id', 'user.id']

function isValid({ traceId, spanId, parentSpanId }: Span): boolean {
  const has = (id: Uint8Array, length: number) => id.length === length && id.some((byte) => byte !== 0)
  return has(traceId, 16) && has(spanId, 8) && [0, 8].includes(parentSpanId.length)
}

/** Of the first key that has one, the first value that is a name. */
function named(attributes: readonly KeyValue[], keys: readonly string[]): string | undefined {
  return keys
    .flatMap((wanted) => attributes.filter(({ key }) => key === wanted))
    .map(({ value }) => value)
    .filter((value) => ['string', 'bigint', 'number', 'boolean'].includes(typeof value))
    .map(String)[0]
}
