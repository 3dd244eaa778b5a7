/** Spans and requests of the OTLP model with everything left at its default that a test does not speak of. */

import { randomBytes } from 'node:crypto'
import type { KeyValue, Resource, ResourceSpans, Scope, Span, SpanEvent, TraceRequest } from '@rustok/otlp'

export const milliseconds = 1_000_000n

export function traceId(): Uint8Array {
  return new Uint8Array(randomBytes(16))
}

export function spanId(): Uint8Array {
  return new Uint8Array(randomBytes(8))
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Unix nanoseconds, so many milliseconds ago. */
export function ago(ms: number): bigint {
  return BigInt(Date.now() - ms) * milliseconds
}

export function span(fields: Partial<Span> & { readonly durationMs?: number } = {}): Span {
  const { durationMs = 10, ...rest } = fields
  const startTimeUnixNano = fields.startTimeUnixNano ?? ago(60_000)
  return {
    traceId: traceId(),
    spanId: spanId(),
    traceState: '',
    parentSpanId: new Uint8Array(0),
    flags: 1,
    name: 'GET /',
    kind: 2,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + BigInt(durationMs) * milliseconds,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { message: '', code: 0 },
    ...rest,
  }
}

export function event(fields: Partial<SpanEvent> = {}): SpanEvent {
  return { timeUnixNano: ago(60_000), name: 'event', attributes: [], droppedAttributesCount: 0, ...fields }
}

export function attributes(values: Readonly<Record<string, KeyValue['value']>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }))
}

export function resourceSpans(
  service: string,
  spans: readonly Span[],
  extra: { resource?: Readonly<Record<string, KeyValue['value']>>; scope?: Partial<Scope> } = {},
): ResourceSpans {
  const resource: Resource = {
    attributes: attributes({ 'service.name': service, ...extra.resource }),
    droppedAttributesCount: 0,
  }
  const scope: Scope = { name: '', version: '', attributes: [], droppedAttributesCount: 0, ...extra.scope }
  return { resource, schemaUrl: '', scopeSpans: [{ scope, schemaUrl: '', spans }] }
}

export function request(service: string, spans: readonly Span[]): TraceRequest {
  return { resourceSpans: [resourceSpans(service, spans)] }
}
