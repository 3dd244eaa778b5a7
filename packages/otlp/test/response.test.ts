import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import fc from 'fast-check'
import {
  decodeTraceResponse,
  decodeTraceResponseJson,
  encodeTraceResponse,
  encodeTraceResponseJson,
  MalformedOtlpError,
  type TraceResponse,
} from '../src/index.ts'
import { text } from './support/arbitrary.ts'
import { decodeByReference, encodeByReference } from './support/reference.ts'
import { concat, message, number } from './support/wire.ts'

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, 1n, 127n, 128n, 2n ** 63n - 1n, -(2n ** 63n)),
)
const response: fc.Arbitrary<TraceResponse> = fc.record(
  {
    partialSuccess: fc.option(
      fc.record({ rejectedSpans: int64, errorMessage: text() }, { noNullPrototype: true }),
      {
        nil: undefined,
      },
    ),
  },
  { noNullPrototype: true },
)

test('writes and reads responses as the reference does', () => {
  fc.assert(
    fc.property(response, (value) => {
      const { partialSuccess } = value
      const plain = {
        partialSuccess: partialSuccess && {
          ...partialSuccess,
          rejectedSpans: `${partialSuccess.rejectedSpans}`,
        },
      }
      const bytes = encodeTraceResponse(value)
      assert.deepEqual(decodeByReference('response', bytes), { partialSuccess: plain.partialSuccess ?? null })
      assert.deepEqual(decodeTraceResponse(encodeByReference('response', plain)), value)
      assert.deepEqual(decodeTraceResponse(bytes), value)
      assert.deepEqual(decodeTraceResponseJson(encodeTraceResponseJson(value)), value)
    }),
  )
})

test('writes partial success so that the official exporter sees it', () => {
  const value = { partialSuccess: { rejectedSpans: 3n, errorMessage: 'span ids of zeros' } }
  assert.deepEqual(ProtobufTraceSerializer.deserializeResponse(encodeTraceResponse(value)), {
    partialSuccess: { rejectedSpans: 3, errorMessage: 'span ids of zeros' },
  })
  const json = new TextEncoder().encode(encodeTraceResponseJson(value))
  assert.deepEqual(JsonTraceSerializer.deserializeResponse(json), {
    partialSuccess: { rejectedSpans: '3', errorMessage: 'span ids of zeros' },
  })
})

test('writes full success as nothing, and as an empty object', () => {
  assert.equal(encodeTraceResponse({ partialSuccess: undefined }).length, 0)
  assert.equal(encodeTraceResponseJson({ partialSuccess: undefined }), '{}')
})

test('reads full success from nothing, and keeps an empty partial success apart from it', () => {
  assert.deepEqual(decodeTraceResponse(new Uint8Array(0)), { partialSuccess: undefined })
  assert.deepEqual(decodeTraceResponseJson('{}'), { partialSuccess: undefined })
  assert.deepEqual(decodeTraceResponseJson('{"partialSuccess":null}'), { partialSuccess: undefined })
  const empty = { partialSuccess: { rejectedSpans: 0n, errorMessage: '' } }
  assert.deepEqual(decodeTraceResponse(message(1)), empty)
  assert.deepEqual(decodeTraceResponseJson('{"partial_success":{}}'), empty)
})

test('reads a warning without rejected spans', () => {
  assert.deepEqual(decodeTraceResponse(message(1, message(2, 'slow down'))), {
    partialSuccess: { rejectedSpans: 0n, errorMessage: 'slow down' },
  })
})

test('merges a partial success that is sent twice, and ignores unknown fields', () => {
  const bytes = concat(message(1, number(1, 2), number(9, 9)), number(5, 5), message(1, message(2, 'why')))
  assert.deepEqual(decodeTraceResponse(bytes), { partialSuccess: { rejectedSpans: 2n, errorMessage: 'why' } })
})

test('refuses what is not a response', () => {
  assert.throws(() => decodeTraceResponse(Uint8Array.of(0x0a, 5, 0)), {
    where: 'ExportTraceServiceResponse.partialSuccess',
  })
  assert.throws(() => decodeTraceResponse(message(1, Uint8Array.of(0x08))), {
    where: 'ExportTracePartialSuccess.rejectedSpans',
  })
  assert.throws(() => decodeTraceResponse(Buffer.from('<html>502 Bad Gateway</html>')), MalformedOtlpError)
  assert.throws(() => decodeTraceResponseJson('<html>502 Bad Gateway</html>'), MalformedOtlpError)
  assert.throws(() => decodeTraceResponseJson('{"partialSuccess":{"rejectedSpans":"many"}}'), {
    where: 'partialSuccess.rejectedSpans',
  })
})

test('refuses to write a count beyond int64', () => {
  const partialSuccess = { rejectedSpans: 2n ** 63n, errorMessage: '' }
  assert.throws(() => encodeTraceResponse({ partialSuccess }), RangeError)
  assert.throws(() => encodeTraceResponseJson({ partialSuccess }), RangeError)
})
