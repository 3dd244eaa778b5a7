/** Small requests by hand: one span, or one value. */

import assert from 'node:assert/strict'
import type { AnyValue, Span, TraceRequest } from '../../src/index.ts'

const noSpan: Span = {
  traceId: new Uint8Array(0),
  spanId: new Uint8Array(0),
  traceState: '',
  parentSpanId: new Uint8Array(0),
  flags: 0,
  name: '',
  kind: 0,
  startTimeUnixNano: 0n,
  endTimeUnixNano: 0n,
  attributes: [],
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  status: { message: '', code: 0 },
}

/** A request with the one span given by what differs from an empty one. */
export function requestOf(span: Partial<Span>): TraceRequest {
  const scope = { name: '', version: '', attributes: [], droppedAttributesCount: 0 }
  const scopeSpans = [{ scope, spans: [{ ...noSpan, ...span }], schemaUrl: '' }]
  const resource = { attributes: [], droppedAttributesCount: 0 }
  return { resourceSpans: [{ resource, scopeSpans, schemaUrl: '' }] }
}

export function requestOfValue(value: AnyValue): TraceRequest {
  return requestOf({ attributes: [{ key: 'key', value }] })
}

/** The first span of a request. */
export function firstSpan(request: TraceRequest): Span {
  const span = request.resourceSpans[0]?.scopeSpans[0]?.spans[0]
  assert.ok(span)
  return span
}

/** The value of the first span's first attribute. */
export function firstValue(request: TraceRequest): AnyValue {
  const [attribute] = firstSpan(request).attributes
  assert.ok(attribute)
  return attribute.value
}
