import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AnyValue, decodeTraceRequestJson, encodeTraceRequestJson, KeyValueList } from '../src/index.ts'
import { anyText, traceRequest } from './support/arbitrary.ts'
import { encodeByReference, requestByReference } from './support/reference.ts'
import { firstSpan, firstValue, requestOf, requestOfValue } from './support/requests.ts'
import { wellFormed } from './support/well-formed.ts'

test('gives every request back as it was, with U+FFFD for lone surrogates', () => {
  fc.assert(
    fc.property(traceRequest(anyText()), (request) => {
      const json = encodeTraceRequestJson(request)
      assert.ok(json.isWellFormed())
      assert.deepEqual(decodeTraceRequestJson(json), wellFormed(request))
      assert.deepEqual(decodeTraceRequestJson(new TextEncoder().encode(json)), wellFormed(request))
    }),
    { numRuns: 300 },
  )
})

test('writes JSON that the reference reads once its ids are base64', () => {
  fc.assert(
    fc.property(traceRequest(), (request) => {
      const object = JSON.parse(encodeTraceRequestJson(request), hexToBase64)
      assert.deepEqual(requestByReference(encodeByReference('request', object)), request)
    }),
    { numRuns: 300 },
  )
})

/** Protobuf's mapping has base64 where OTLP has hexadecimal ids. */
function hexToBase64(name: string, value: unknown): unknown {
  const isId = /^(traceId|spanId|parentSpanId)$/.test(name) && typeof value === 'string'
  return isId ? Buffer.from(value, 'hex').toString('base64') : value
}

test('writes 64-bit integers as strings, enums as numbers, ids as lower-case hexadecimal', () => {
  const request = requestOf({
    traceId: Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i),
    kind: 2,
    startTimeUnixNano: 1_700_000_000_123_456_789n,
    attributes: [{ key: 'count', value: 5n }],
    status: { code: 2, message: '' },
  })
  const span = JSON.parse(encodeTraceRequestJson(request)).resourceSpans[0].scopeSpans[0].spans[0]
  assert.equal(span.traceId, 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')
  assert.equal(span.startTimeUnixNano, '1700000000123456789')
  assert.deepEqual([span.kind, span.status.code], [2, 2])
  assert.deepEqual(span.attributes, [{ key: 'count', value: { intValue: '5' } }])
})

test('writes doubles that JSON has no number for as protobuf does', () => {
  const doubles = [Number.NaN, Infinity, -Infinity, 1.5]
  const json = JSON.parse(encodeTraceRequestJson(requestOfValue(doubles)))
  const { value } = json.resourceSpans[0].scopeSpans[0].spans[0].attributes[0]
  assert.deepEqual(
    value.arrayValue.values.map((item: { doubleValue: unknown }) => item.doubleValue),
    ['NaN', 'Infinity', '-Infinity', 1.5],
  )
})

test('refuses to write what OTLP cannot hold', () => {
  const write = (span: Parameters<typeof requestOf>[0]) => encodeTraceRequestJson(requestOf(span))
  assert.throws(() => write({ startTimeUnixNano: 2n ** 64n }), RangeError)
  assert.throws(() => write({ flags: -1 }), RangeError)
  assert.throws(() => write({ kind: 2 ** 31 }), RangeError)
  assert.throws(() => write({ attributes: [{ key: '', value: 2n ** 63n }] }), RangeError)
  assert.throws(() => encodeTraceRequestJson(requestOfValue(nest(101))), RangeError)
})

test('reads and writes values nested 100 deep, and refuses to read one more level', () => {
  assert.deepEqual(
    firstValue(decodeTraceRequestJson(encodeTraceRequestJson(requestOfValue(nest(100))))),
    nest(100),
  )
  const tooDeep = encodeTraceRequestJson(requestOfValue([nest(99)])).replace(
    '"innermost"',
    '"x","arrayValue":{"values":[{}]}',
  )
  assert.throws(() => decodeTraceRequestJson(tooDeep), {
    code: 'OTLP_MALFORMED',
    message: /more than 100 deep/,
  })
})

function nest(levels: number): AnyValue {
  let value: AnyValue = 'innermost'
  for (let depth = 2; depth <= levels; depth++)
    value = depth % 2 ? [value] : new KeyValueList([{ key: '', value }])
  return value
}

/** A document with one span made of `members`, as JSON text. */
function spanJson(members: string): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[{${members}}]}]}]}`
}

function decodeSpan(members: string) {
  return firstSpan(decodeTraceRequestJson(spanJson(members)))
}

function decodeValue(value: string): AnyValue {
  return firstValue(decodeTraceRequestJson(spanJson(`"attributes":[{"key":"k","value":${value}}]`)))
}

test('reads ids in either case', () => {
  const { traceId, spanId } = decodeSpan('"traceId":"00aAbBcCdDeEfF09","spanId":""')
  assert.deepEqual(traceId, Uint8Array.of(0x00, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x09))
  assert.deepEqual(spanId, new Uint8Array(0))
})

test('reads snake_case names, null for absent, enums by name, and ignores names that it does not know', () => {
  const snake = `{"resource_spans":[{"resource":null,"schema_url":"u","scope_spans":[{"scope":{"version":null},"spans":[{
    "trace_id":"01","parent_span_id":"02","trace_state":"a=b","start_time_unix_nano":"3","end_time_unix_nano":4,
    "kind":"SPAN_KIND_SERVER","dropped_attributes_count":5,"attributes":[{"key":"k","value":{"kvlist_value":{"values":[
    {"key":"i","value":{"int_value":"7"}},{"key":"a","value":{"array_value":{"values":[{"bool_value":true}]}}}]}}}],
    "status":{"code":"STATUS_CODE_ERROR","from_a_later_version":{}},"links":null,"events":[{"time_unix_nano":6}],
    "deprecated":[1,2,{"__proto__":3}]}]}],"unknown":"x"}],"another":null}`
  const [resourceSpans] = decodeTraceRequestJson(snake).resourceSpans
  assert.equal(resourceSpans?.schemaUrl, 'u')
  const expected = requestOf({
    traceId: Uint8Array.of(1),
    parentSpanId: Uint8Array.of(2),
    traceState: 'a=b',
    startTimeUnixNano: 3n,
    endTimeUnixNano: 4n,
    kind: 2,
    droppedAttributesCount: 5,
    attributes: [
      {
        key: 'k',
        value: new KeyValueList([
          { key: 'i', value: 7n },
          { key: 'a', value: [true] },
        ]),
      },
    ],
    status: { code: 2, message: '' },
    events: [{ timeUnixNano: 6n, name: '', attributes: [], droppedAttributesCount: 0 }],
  })
  assert.deepEqual(resourceSpans.scopeSpans[0]?.spans[0], firstSpan(expected))
})

test('reads an enum name of a later version as unspecified, and unknown numbers as they are', () => {
  assert.equal(decodeSpan('"kind":"SPAN_KIND_TELEPATHIC"').kind, 0)
  assert.equal(decodeSpan('"kind":"toString"').kind, 0)
  assert.equal(decodeSpan('"kind":77').kind, 77)
  assert.equal(decodeSpan('"kind":"3"').kind, 3)
})

test('reads integers exactly, written as numbers or as strings', () => {
  assert.equal(decodeValue('{"intValue":9223372036854775807}'), 2n ** 63n - 1n)
  assert.equal(decodeValue('{"intValue": -9223372036854775808}'), -(2n ** 63n))
  assert.equal(decodeValue('{"intValue":"9007199254740993"}'), 2n ** 53n + 1n)
  assert.equal(decodeValue('{"intValue":1e3}'), 1000n)
  assert.equal(decodeValue('{"intValue":"1.50e1"}'), 15n)
  assert.equal(decodeValue('{"intValue":-0}'), 0n)
  assert.equal(decodeSpan('"droppedLinksCount":-0').droppedLinksCount, 0)
  const { startTimeUnixNano, endTimeUnixNano } = decodeSpan(
    '"startTimeUnixNano":1700000000123456789,"endTimeUnixNano":18446744073709551615',
  )
  assert.deepEqual([startTimeUnixNano, endTimeUnixNano], [1_700_000_000_123_456_789n, 2n ** 64n - 1n])
})

test('reads an integer number beyond int64 as the double that the JavaScript SDK had', () => {
  assert.equal(decodeValue('{"intValue":1e+300}'), 1e300)
  assert.equal(decodeValue('{"intValue":9223372036854775808}'), 2 ** 63)
  assert.equal(decodeValue('{"intValue":-9223372036854777856}'), -(2 ** 63) - 2048)
})

test('reads a double with as many digits as an integer', () => {
  assert.equal(decodeValue('{"doubleValue":12345678901234567890}'), 12345678901234567000)
  assert.equal(decodeValue('{"doubleValue":0.12345678901234567890}'), 0.12345678901234568)
  assert.ok(Object.is(decodeValue('{"doubleValue":-0}'), -0))
  assert.ok(Object.is(decodeValue('{"doubleValue":"-0"}'), -0))
  assert.equal(decodeValue('{"doubleValue":"1e300"}'), 1e300)
})

test('leaves digits inside strings alone', () => {
  const name = ':12345678901234567890,[-98765432109876543210'
  assert.equal(decodeSpan(`"name":${JSON.stringify(name)}`).name, name)
})

test('reads base64 of either alphabet, with padding or without', () => {
  for (const text of ['+/8=', '-_8=', '+/8', '-_8']) {
    assert.deepEqual(decodeValue(`{"bytesValue":"${text}"}`), Uint8Array.of(0xfb, 0xff))
  }
})

test('takes the last of several members of a value, and skips null ones', () => {
  assert.equal(decodeValue('{"stringValue":"a","intValue":"5","doubleValue":null}'), 5n)
  assert.equal(decodeValue('{"stringValue":null}'), undefined)
  assert.equal(decodeValue('null'), undefined)
})

test('replaces lone surrogates of escapes and invalid UTF-8', () => {
  assert.equal(decodeSpan('"name":"a\\ud800b"').name, 'a\ufffdb')
  const bytes = Buffer.from(spanJson('"name":"a?b"'))
  bytes[bytes.indexOf('?')] = 0xff
  assert.equal(firstSpan(decodeTraceRequestJson(bytes)).name, 'a\ufffdb')
})

const faults: readonly (readonly [what: string, json: string, where: string, reason: RegExp])[] = [
  ['an empty body', '', 'JSON', /JSON/],
  ['a document that is cut off', '{"resourceSpans":[', 'JSON', /JSON/],
  ['an array', '[]', 'JSON', /expected an object/],
  ['null', 'null', 'JSON', /expected an object/],
  ['resourceSpans that is an object', '{"resourceSpans":{}}', 'resourceSpans', /expected an array/],
  ['null in a list', '{"resourceSpans":[{},null]}', 'resourceSpans[1]', /expected an object/],
  [
    'a name that is a number',
    spanJson('"name":5'),
    'resourceSpans[0].scopeSpans[0].spans[0].name',
    /expected a string/,
  ],
  [
    'an id of odd length',
    spanJson('"traceId":"abc"'),
    'resourceSpans[0].scopeSpans[0].spans[0].traceId',
    /even number/,
  ],
  [
    'an id that is not hexadecimal',
    spanJson('"spanId":"0g"'),
    'resourceSpans[0].scopeSpans[0].spans[0].spanId',
    /hexa/,
  ],
  [
    'an id beyond Latin-1',
    spanJson('"spanId":"\\u0130\\u0131"'),
    'resourceSpans[0].scopeSpans[0].spans[0].spanId',
    /hexa/,
  ],
  [
    'a time that is negative',
    spanJson('"endTimeUnixNano":"-1"'),
    'resourceSpans[0].scopeSpans[0].spans[0].endTimeUnixNano',
    /from 0 to/,
  ],
  [
    'a time of 2^64',
    spanJson('"endTimeUnixNano":18446744073709551616'),
    'resourceSpans[0].scopeSpans[0].spans[0].endTimeUnixNano',
    /from 0 to/,
  ],
  [
    'a time of a million digits',
    spanJson(`"endTimeUnixNano":"${'9'.repeat(1e6)}"`),
    'resourceSpans[0].scopeSpans[0].spans[0].endTimeUnixNano',
    /integer/,
  ],
  [
    'a count with a fraction',
    spanJson('"droppedLinksCount":1.5'),
    'resourceSpans[0].scopeSpans[0].spans[0].droppedLinksCount',
    /expected an integer/,
  ],
  [
    'a count that is true',
    spanJson('"droppedLinksCount":true'),
    'resourceSpans[0].scopeSpans[0].spans[0].droppedLinksCount',
    /expected an integer/,
  ],
  [
    'a kind beyond int32',
    spanJson('"kind":2147483648'),
    'resourceSpans[0].scopeSpans[0].spans[0].kind',
    /from -2147483648 to/,
  ],
  [
    'a status that is a string',
    spanJson('"status":"OK"'),
    'resourceSpans[0].scopeSpans[0].spans[0].status',
    /expected an object/,
  ],
  [
    'an event attribute without object',
    spanJson('"events":[{"attributes":[1]}]'),
    'resourceSpans[0].scopeSpans[0].spans[0].events[0].attributes[0]',
    /object/,
  ],
]

for (const [what, json, where, reason] of faults) {
  test(`refuses ${what}, and says where`, () => {
    assert.throws(() => decodeTraceRequestJson(json), {
      name: 'MalformedOtlpError',
      code: 'OTLP_MALFORMED',
      where,
      message: reason,
    })
  })
}

const badValues: readonly (readonly [json: string, where: string])[] = [
  ['"text"', ''],
  ['{"stringValue":5}', '.stringValue'],
  ['{"boolValue":"true"}', '.boolValue'],
  ['{"intValue":"9223372036854775808"}', '.intValue'],
  ['{"intValue":"-9223372036854775809"}', '.intValue'],
  ['{"intValue":""}', '.intValue'],
  ['{"intValue":"0x10"}', '.intValue'],
  ['{"intValue":1e999}', '.intValue'],
  ['{"doubleValue":"fast"}', '.doubleValue'],
  ['{"doubleValue":1e999}', '.doubleValue'],
  ['{"doubleValue":[]}', '.doubleValue'],
  ['{"bytesValue":"*"}', '.bytesValue'],
  ['{"arrayValue":{"values":[{},{"intValue":{}}]}}', '.arrayValue.values[1].intValue'],
  ['{"kvlist_value":{"values":[{"key":1}]}}', '.kvlist_value.values[0].key'],
]

for (const [json, where] of badValues) {
  test(`refuses the value ${json}`, () => {
    assert.throws(() => decodeValue(json), {
      where: `resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value${where}`,
    })
  })
}

test('refuses JSON that nests without end, long integers or not', () => {
  for (const number of ['1', '12345678901234567890']) {
    const bomb = `{"x":${'['.repeat(200_000)}${number}${']'.repeat(200_000)},"resourceSpans":{}}`
    assert.throws(() => decodeTraceRequestJson(bomb), { code: 'OTLP_MALFORMED' })
  }
})

test('reads or refuses any JSON at all', () => {
  const names = [
    'resourceSpans',
    'scopeSpans',
    'spans',
    'attributes',
    'value',
    'arrayValue',
    'values',
    'traceId',
    'kind',
  ]
  const json = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 8, depthSize: 'large' },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('node'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom(...names), tie('node'), { maxKeys: 3 }),
    ),
  })).node
  fc.assert(
    fc.property(json, (value) => {
      try {
        decodeTraceRequestJson(JSON.stringify(value))
      } catch (error) {
        assert.equal((error as { code?: unknown }).code, 'OTLP_MALFORMED', String(error))
      }
    }),
    { numRuns: 1000 },
  )
})
