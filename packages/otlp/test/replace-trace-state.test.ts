/** Another tracestate for an encoded span: everything else of it stays, whatever the span and the state are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  attributeKey,
  encodeEnvelope,
  encodeResource,
  encodeScope,
  encodeSpan,
  replaceTraceState,
  type Span,
  type SpanRecord,
  Writer,
} from '../src/index.ts'
import { requestByReference } from './support/reference.ts'

const state = fc.constantFrom(
  '',
  'ot=th:8',
  'ot=th:fd70a;x:y,vendor=1',
  'v='.padEnd(127, 'x'),
  'v='.padEnd(512, 'y'),
)
/** Sizes around the steps of the length's varint: 127 and 128 bytes, 16,383 and 16,384. */
const pad = fc.oneof(fc.nat(200), fc.integer({ min: 16_000, max: 16_500 }), fc.constant(70_000))
const record = fc.record({
  traceStateText: state,
  pad,
  failed: fc.boolean(),
  parent: fc.boolean(),
  events: fc.nat(2),
  dropped: fc.constantFrom(0, 1, 300, 0xffff_ffff),
})

function encoded(given: typeof record extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  const span: SpanRecord = {
    traceId0: -1,
    traceId1: 2,
    traceId2: 3,
    traceId3: 4,
    spanId0: 5,
    spanId1: 6,
    parentSpanId0: given.parent ? 7 : 0,
    parentSpanId1: 0,
    flags: 0x101,
    traceStateText: given.traceStateText,
    name: 'a span',
    otlpKind: 2,
    startHigh: 1,
    startLow: 2,
    endHigh: 3,
    endLow: 4,
    attributeKeys: [attributeKey('pad')],
    attributeValues: ['p'.repeat(given.pad)],
    prepared0: undefined,
    prepared1: undefined,
    prepared2: undefined,
    droppedAttributes: given.dropped,
    eventList: Array.from({ length: given.events }, () => ({
      name: 'event',
      timeHigh: 1,
      timeLow: 2,
      attributeList: [],
      droppedAttributes: 0,
    })),
    droppedEvents: 0,
    linkList: undefined,
    droppedLinks: 0,
    statusCode: given.failed ? 2 : 0,
    statusMessage: given.failed ? 'bad' : '',
  }
  const writer = new Writer(64)
  encodeSpan(writer, span)
  return writer.finish()
}

function read(bytes: Uint8Array): Span {
  const scope = encodeScope({ name: 'scope' })
  const request = encodeEnvelope(encodeResource({ attributes: {} }), [{ scope, spans: bytes }])
  const spans = requestByReference(request).resourceSpans[0]!.scopeSpans[0]!.spans
  assert.equal(spans.length, 1)
  return spans[0]!
}

test('the new state is there once, and nothing else is changed', () => {
  fc.assert(
    fc.property(record, state, (given, after) => {
      const before = encoded(given)
      const copy = before.slice()
      let seen: string | undefined
      const result = replaceTraceState(before, (text) => {
        seen = text
        return after
      })
      assert.equal(seen, given.traceStateText)
      assert.deepEqual(read(result.slice()), { ...read(copy), traceState: after })
      assert.deepEqual(before, copy, 'what was given is not written to')
    }),
    { numRuns: 1000 },
  )
})

test('the same state gives the same bytes', () => {
  fc.assert(
    fc.property(record, (given) => {
      const before = encoded(given)
      assert.equal(
        replaceTraceState(before, (text) => text),
        before,
      )
    }),
  )
})
