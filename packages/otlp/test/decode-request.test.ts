import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AnyValue, decodeTraceRequest, type KeyValue, KeyValueList, type Span } from '../src/index.ts'
import { anyCharacter } from './support/any-character.ts'
import { traceRequest } from './support/arbitrary.ts'
import { bytesByReference, encodeByReference, requestByReference } from './support/reference.ts'
import { firstSpan, requestOf } from './support/requests.ts'
import { concat, group, message, number, spanRequest, varint } from './support/wire.ts'

test('reads every request that the reference writes', () => {
  fc.assert(
    fc.property(traceRequest(), (request) => {
      assert.deepEqual(decodeTraceRequest(bytesByReference(request)), request)
    }),
    { numRuns: 500 },
  )
})

test('reads no bytes as a request without spans', () => {
  assert.deepEqual(decodeTraceRequest(new Uint8Array(0)), { resourceSpans: [] })
})

test('gives every field its default when all messages are empty', () => {
  const bytes = spanRequest(message(9), message(11), message(13), message(15))
  assert.deepEqual(decodeTraceRequest(bytes), requestByReference(bytes))
})

test('reads strings of any length wherever they lie in a request of many windows', () => {
  const units = ['a', 'é', '漢', '😀', 'z']
  const attributes = Array.from({ length: 3000 }, (_, i) => ({
    key: `key.${i}`,
    value: units[i % units.length]!.repeat(i % 311),
  }))
  const request = requestOf({ attributes })
  const bytes = bytesByReference(request)
  assert.ok(bytes.length > 1_000_000)
  assert.deepEqual(decodeTraceRequest(bytes), request)
})

test('tells keys apart that share a slot of the key table, whatever their length', () => {
  const distinct = Array.from({ length: 5000 }, (_, i) => `attribute.${i}`)
  const lengths = Array.from({ length: 70 }, (_, i) => [
    'x'.repeat(i),
    `y${'x'.repeat(i)}`,
    `${'x'.repeat(i)}y`,
  ])
  const keys = [...distinct, ...lengths.flat(), ...distinct]
  const attributes = keys.map((key) => ({ key, value: true }))
  assert.deepEqual(decodeSpan(bytesByReference(requestOf({ attributes }))).attributes, attributes)
})

test('reads a view into the middle of a larger buffer, and a Buffer', () => {
  const request = requestOf({ name: 'GET /', traceId: new Uint8Array(16).fill(7) })
  const bytes = bytesByReference(request)
  const padded = concat(Uint8Array.of(0xff, 0xff, 0xff), bytes, Uint8Array.of(0xff))
  assert.deepEqual(decodeTraceRequest(padded.subarray(3, 3 + bytes.length)), request)
  assert.deepEqual(decodeTraceRequest(Buffer.from(padded.buffer, 3, bytes.length)), request)
})

test('gives ids as views of the input, of plain Uint8Array', () => {
  const bytes = Buffer.from(bytesByReference(requestOf({ traceId: new Uint8Array(16).fill(7) })))
  const { traceId } = decodeSpan(bytes)
  assert.equal(traceId.buffer, bytes.buffer)
  assert.equal(Object.getPrototypeOf(traceId), Uint8Array.prototype)
})

test('replaces invalid UTF-8 as TextDecoder does, in keys, values and names', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string({ unit: anyCharacter, maxLength: 90 }).map((string) => Uint8Array.from(Buffer.from(string))),
    // A surrogate in UTF-8 (U+D800), an overlong slash, a character that is cut off.
    fc.constantFrom(Uint8Array.of(0xed, 0xa0, 0x80), Uint8Array.of(0xc0, 0xaf), Uint8Array.of(0xe6, 0xbc)),
  )
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 4 }), (chunks) => {
      const raw = concat(...chunks)
      const text = decoder.decode(raw)
      const span = decodeSpan(
        spanRequest(message(5, raw), message(9, message(1, raw), message(2, message(1, raw)))),
      )
      assert.deepEqual([span.name, span.attributes], [text, [{ key: text, value: text }]])
    }),
    { numRuns: 500 },
  )
})

test('passes over unknown fields and wrong wire types in every message', () => {
  const noise = concat(
    number(100, 1),
    number(101, -1n),
    message(536_870_911, 'the highest field number'),
    concat(varint((102 << 3) | 1), new Uint8Array(8)),
    concat(varint((103 << 3) | 5), new Uint8Array(4)),
    group(104, number(1, 1), group(105, message(2, 'inner')), message(3, 'outer')),
    // Field 1 of each of these messages is length-delimited, or reserved.
    number(1, 1),
  )
  const nested = (field: number, ...parts: (Uint8Array | string)[]) => message(field, noise, ...parts, noise)
  const build = (wrap: typeof message, around: Uint8Array) => {
    const pair = (field: number) => wrap(field, message(1, 'key'), wrap(2, message(1, 'value')))
    const array = wrap(5, wrap(1, message(1, 'first')), wrap(1, number(2, 1)))
    const list = wrap(6, pair(1), pair(1))
    const attributes = (field: number) =>
      concat(
        pair(field),
        wrap(field, message(1, 'a'), wrap(2, array)),
        wrap(field, message(1, 'b'), wrap(2, list)),
      )
    const span = wrap(
      2,
      message(1, 'sixteen bytes id'),
      message(5, 'name'),
      attributes(9),
      wrap(11, message(2, 'event'), attributes(3)),
      wrap(13, message(2, '8 bytes.'), attributes(4)),
      wrap(15, message(2, 'wrong'), number(3, 2)),
    )
    const scope = wrap(1, message(1, 'scope'), attributes(3))
    return concat(around, wrap(1, wrap(1, attributes(1)), wrap(2, scope, span), message(3, 'url')), around)
  }
  const quiet = build(message, new Uint8Array(0))
  assert.deepEqual(decodeTraceRequest(build(nested, noise)), requestByReference(quiet))
})

test('keeps enum values that it does not know, negative ones too', () => {
  const span = decodeSpan(spanRequest(number(6, 99), message(15, number(3, -7n))))
  assert.deepEqual([span.kind, span.status.code], [99, -7])
})

test('takes the low 32 bits of a varint that is longer, as protobuf does', () => {
  const span = decodeSpan(spanRequest(number(10, 2n ** 63n + 5n), number(6, 2n ** 32n + 3n)))
  assert.deepEqual([span.droppedAttributesCount, span.kind], [5, 3])
})

test('reads varints that are longer than they need to be', () => {
  const padded = Uint8Array.of(0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)
  const field = (n: number) => concat(varint(n << 3), padded)
  const value = (n: number) => message(9, message(1, 'k'), message(2, field(n)))
  const span = decodeSpan(spanRequest(field(10), value(2), value(3)))
  assert.equal(span.droppedAttributesCount, 5)
  assert.deepEqual(
    span.attributes.map((pair) => pair.value),
    [true, 5n],
  )
})

test('reads a boolean that is true in its high bits alone', () => {
  const span = decodeSpan(spanRequest(message(9, message(2, number(2, 2n ** 40n)))))
  assert.deepEqual(span.attributes, [{ key: '', value: true }])
})

test('takes the last value of a field that is sent twice', () => {
  const twice = spanRequest(
    message(5, 'first'),
    message(5, 'last'),
    number(6, 1),
    number(6, 2),
    message(9, message(1, 'first'), message(1, 'last'), message(2, message(1, 'text'), number(3, 5))),
  )
  const span = decodeSpan(twice)
  assert.deepEqual([span.name, span.kind], ['last', 2])
  assert.deepEqual(span.attributes, [{ key: 'last', value: 5n }])
})

test('merges messages that are sent twice', () => {
  const resource = concat(
    message(1, message(1, message(1, 'a')), number(2, 3)),
    message(1, message(1, message(1, 'b'))),
  )
  const attribute = (key: string) => message(3, message(1, key))
  const scope = concat(
    message(1, message(1, 'name'), message(2, 'old'), attribute('a')),
    message(1, message(2, 'new'), attribute('b')),
  )
  const span = message(2, message(15, message(2, 'why')), message(15, number(3, 2)))
  const [resourceSpans] = decodeTraceRequest(message(1, resource, message(2, scope, span))).resourceSpans
  const attributes = [
    { key: 'a', value: undefined },
    { key: 'b', value: undefined },
  ]
  assert.deepEqual(resourceSpans?.resource, { attributes, droppedAttributesCount: 3 })
  const [scopeSpans] = resourceSpans.scopeSpans
  assert.deepEqual(scopeSpans?.scope, { name: 'name', version: 'new', attributes, droppedAttributesCount: 0 })
  assert.deepEqual(scopeSpans.spans[0]?.status, { message: 'why', code: 2 })
})

test('appends to a list value that is sent twice, and replaces it by a value of another type', () => {
  const array = (text: string) => message(2, message(5, message(1, message(1, text))))
  const list = (key: string) => message(2, message(6, message(1, message(1, key))))
  const { attributes } = decodeSpan(
    spanRequest(
      message(9, array('a'), array('b')),
      message(9, list('a'), list('b')),
      message(9, array('a'), list('b')),
      message(9, message(2, message(5), message(1, 'text'))),
    ),
  )
  const pair = (key: string) => ({ key, value: undefined })
  assert.deepEqual(
    attributes.map(({ value }) => value),
    [['a', 'b'], new KeyValueList([pair('a'), pair('b')]), new KeyValueList([pair('b')]), 'text'],
  )
})

test('merges a list that is sent 100,000 times without copying it as often', () => {
  const lists = concat(...new Array<Uint8Array>(100_000).fill(message(6, message(1))))
  const [attribute] = decodeSpan(spanRequest(message(9, message(2, lists)))).attributes
  assert.ok(attribute?.value instanceof KeyValueList)
  assert.equal(attribute.value.values.length, 100_000)
})

test('adds up requests that are appended to each other', () => {
  fc.assert(
    fc.property(traceRequest(), traceRequest(), (first, second) => {
      const { resourceSpans } = decodeTraceRequest(concat(bytesByReference(first), bytesByReference(second)))
      assert.deepEqual(resourceSpans, [...first.resourceSpans, ...second.resourceSpans])
    }),
    { numRuns: 50 },
  )
})

test('reads values nested 100 deep', () => {
  let value: AnyValue = 'innermost'
  for (let depth = 2; depth <= 100; depth++)
    value = depth % 2 ? [value] : new KeyValueList([{ key: '', value }])
  const attributes: KeyValue[] = [{ key: 'deep', value }]
  assert.deepEqual(decodeSpan(bytesByReference(requestOf({ attributes }))).attributes, attributes)
})

test('reads TracesData, which has the same wire form', () => {
  const span = { traceId: new Uint8Array(16).fill(1), name: 'from a file' }
  const bytes = encodeByReference('request', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
  assert.equal(decodeSpan(bytes).name, 'from a file')
})

function decodeSpan(bytes: Uint8Array): Span {
  return firstSpan(decodeTraceRequest(bytes))
}
