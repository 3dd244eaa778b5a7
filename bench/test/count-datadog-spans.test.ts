import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode } from '@msgpack/msgpack'
import { countDatadogSpans } from '../sink/count-datadog-spans.ts'

const span = {
  trace_id: 2n ** 63n,
  name: 'web.request',
  error: 0,
  duration: -5,
  ratio: 0.5,
  flag: true,
  nothing: null,
  meta: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key ${i}`, 'x'.repeat(i * 20)])),
  events: [[1, 'a'], []],
  blob: new Uint8Array(300),
}

const requestOf = (...traces: readonly number[]) =>
  encode(
    traces.map((spans) => Array.from({ length: spans }, () => span)),
    { useBigInt64: true },
  )

test('counts the spans of every trace, whatever they hold', () => {
  assert.equal(countDatadogSpans(requestOf()), 0)
  assert.equal(countDatadogSpans(requestOf(1, 0, 20)), 21)
  assert.equal(countDatadogSpans(requestOf(...Array.from({ length: 40 }, () => 1))), 40)
})

test('refuses a request that is cut off anywhere, instead of counting a part', () => {
  const request = requestOf(2, 1)
  for (let length = 0; length < request.length; length++) {
    assert.throws(
      () => countDatadogSpans(request.subarray(0, length)),
      `${length} of ${request.length} bytes`,
    )
  }
})
