import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AnyValue, decodeTraceRequest, encodeTraceRequest, KeyValueList } from '../src/index.ts'
import { anyText, traceRequest } from './support/arbitrary.ts'
import { requestByReference } from './support/reference.ts'
import { firstSpan, firstValue, requestOf, requestOfValue } from './support/requests.ts'
import { wellFormed } from './support/well-formed.ts'

test('writes every request so that the reference reads it, with U+FFFD for lone surrogates', () => {
  fc.assert(
    fc.property(traceRequest(anyText()), (request) => {
      assert.deepEqual(requestByReference(encodeTraceRequest(request)), wellFormed(request))
    }),
    { numRuns: 500 },
  )
})

test('writes what decodeTraceRequest gives back', () => {
  fc.assert(
    fc.property(traceRequest(), (request) => {
      assert.deepEqual(decodeTraceRequest(encodeTraceRequest(request)), request)
    }),
    { numRuns: 200 },
  )
})

test('writes a request of megabytes', () => {
  const attributes = Array.from({ length: 2000 }, (_, i) => ({ key: `key.${i}`, value: '漢'.repeat(i) }))
  const request = requestOf({ attributes })
  assert.deepEqual(requestByReference(encodeTraceRequest(request)), request)
})

test('writes nothing for fields that have their default', () => {
  assert.equal(encodeTraceRequest({ resourceSpans: [] }).length, 0)
  // Three messages around the span, the resource, the scope: a tag and a length each.
  assert.equal(encodeTraceRequest(requestOf({})).length, 10)
})

test('keeps apart an integer and a double of the same value, 0 and -0, false and nothing', () => {
  for (const value of [0n, 0, -0, false, '', undefined, new Uint8Array(0), [], new KeyValueList([])]) {
    assert.deepEqual(firstValue(requestByReference(encodeTraceRequest(requestOfValue(value)))), value)
  }
})

test('writes integers up to the ends of their types, and refuses the next', () => {
  const write = (span: Parameters<typeof requestOf>[0]) => encodeTraceRequest(requestOf(span))
  const last = requestOf({
    startTimeUnixNano: 2n ** 64n - 1n,
    flags: 0xffff_ffff,
    droppedAttributesCount: 0xffff_ffff,
    kind: -0x8000_0000,
    attributes: [{ key: 'least', value: -(2n ** 63n) }],
  })
  assert.deepEqual(firstSpan(requestByReference(encodeTraceRequest(last))), firstSpan(last))
  assert.throws(() => write({ startTimeUnixNano: 2n ** 64n }), RangeError)
  assert.throws(() => write({ endTimeUnixNano: -1n }), RangeError)
  assert.throws(() => write({ flags: 2 ** 32 }), RangeError)
  assert.throws(() => write({ droppedEventsCount: -1 }), RangeError)
  assert.throws(() => write({ droppedLinksCount: 1.5 }), RangeError)
  assert.throws(() => write({ kind: 2 ** 31 }), RangeError)
  assert.throws(() => write({ attributes: [{ key: '', value: 2n ** 63n }] }), RangeError)
  assert.throws(() => write({ attributes: [{ key: '', value: -(2n ** 63n) - 1n }] }), RangeError)
})

test('writes values nested 100 deep and refuses one more level', () => {
  const nest = (levels: number): AnyValue => {
    let value: AnyValue = 'innermost'
    for (let depth = 2; depth <= levels; depth++)
      value = depth % 2 ? [value] : new KeyValueList([{ key: '', value }])
    return value
  }
  assert.deepEqual(firstValue(decodeTraceRequest(encodeTraceRequest(requestOfValue(nest(100))))), nest(100))
  assert.throws(() => encodeTraceRequest(requestOfValue(nest(101))), RangeError)
})
