/** The bytes' own way into columns against the way of objects: the same rows, the same refusals, the same inputs accepted. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeTraceRequest,
  encodeTraceRequest,
  MalformedOtlpError,
  type Span,
  type TraceRequest,
} from '@rustok/otlp'
import fc from 'fast-check'
import { SpanTranscoder } from '../../src/ingest/transcode-spans.ts'
import { anySpan, keyValue } from '../support/arbitrary-otlp.ts'
import { naiveRows } from '../support/naive-rows.ts'
import { nativeRows } from '../support/native-rows.ts'
import { attributes, request, span } from '../support/spans.ts'

const received = 1_790_000_000

const text = fc.string({ maxLength: 20 })
const owner = fc.record(
  {
    key: fc.constantFrom('tenant_id', 'user_id', 'enduser.id', 'user.id', 'service.name'),
    value: fc.oneof(
      fc.constantFrom('', 'acme', 'bob'),
      fc.boolean(),
      fc.bigInt({ min: 0n, max: 9n }),
      fc.constant([]),
    ),
  },
  { noNullPrototype: true },
)
const ownedSpan = fc
  .tuple(anySpan, fc.array(owner, { maxLength: 3 }))
  .map(([span, owners]): Span => ({ ...span, attributes: [...owners, ...span.attributes] }))
/** One in some has an id that no query could find. */
const mixedSpan = fc.oneof(
  { weight: 6, arbitrary: ownedSpan },
  {
    weight: 1,
    arbitrary: fc
      .tuple(ownedSpan, fc.constantFrom('traceId', 'spanId', 'parentSpanId'), fc.nat({ max: 17 }))
      .map(([span, field, length]): Span => ({ ...span, [field]: new Uint8Array(length) })),
  },
)
const anyRequest: fc.Arbitrary<TraceRequest> = fc.record({
  resourceSpans: fc.array(
    fc.record({
      resource: fc.record({
        attributes: fc.array(fc.oneof(keyValue, owner), { maxLength: 4 }),
        droppedAttributesCount: fc.nat({ max: 3 }),
      }),
      schemaUrl: text,
      scopeSpans: fc.array(
        fc.record({
          scope: fc.record({
            name: text,
            version: text,
            attributes: fc.array(keyValue, { maxLength: 2 }),
            droppedAttributesCount: fc.nat({ max: 3 }),
          }),
          schemaUrl: text,
          spans: fc.array(mixedSpan, { maxLength: 4 }),
        }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
})

/** Undefined when the bytes are refused in the one way that is allowed. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    assert.ok(error instanceof MalformedOtlpError, `threw ${error}`)
    return undefined
  }
}

/** Both ways for each of the inputs, all into one block without rows. How many were accepted. */
function compare(
  inputs: readonly Uint8Array[],
  tenant?: string,
  block = new SpanTranscoder(received),
): number {
  const expected: unknown[] = []
  let accepted = 0
  for (const bytes of inputs) {
    const decoded = attempt(() => decodeTraceRequest(bytes))
    const refusals = attempt(() => block.append(bytes, tenant))
    assert.equal(refusals !== undefined, decoded !== undefined, 'both accept or both refuse')
    if (decoded === undefined) continue
    accepted++
    const naive = naiveRows(decoded, received, tenant)
    assert.equal(refusals?.count, naive.refused)
    expected.push(...naive.rows)
  }
  assert.equal(block.rows, expected.length)
  // A block without rows is never sent.
  if (expected.length > 0) assert.deepEqual(nativeRows(block.encode()), expected)
  return accepted
}

test('makes the same rows as the objects of the same bytes, request after request', () => {
  fc.assert(
    fc.property(
      fc.array(anyRequest, { maxLength: 4 }),
      fc.option(text, { nil: undefined }),
      (requests, tenant) => {
        assert.equal(compare(requests.map(encodeTraceRequest), tenant), requests.length)
      },
    ),
    { numRuns: 300 },
  )
})

test('makes the same rows whatever collides in its tables', () => {
  const hashes = [() => 0, () => -1, (_: DataView, start: number, end: number) => (end - start) << 18]
  fc.assert(
    fc.property(
      fc.array(anyRequest, { maxLength: 4 }),
      fc.constantFrom(...hashes),
      fc.constantFrom(undefined, 'acme'),
      (requests, hash, tenant) => {
        const inputs = [...requests, ...requests].map(encodeTraceRequest)
        assert.equal(compare(inputs, tenant, new SpanTranscoder(received, hash)), inputs.length)
      },
    ),
    { numRuns: 150 },
  )
})

test('makes the same rows in a block that was cleared', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(anyRequest, { maxLength: 3 }), fc.constantFrom(undefined, 'acme')), {
        minLength: 2,
        maxLength: 4,
      }),
      (uses) => {
        const block = new SpanTranscoder(1)
        for (const [requests, tenant] of uses) {
          block.clear(received)
          assert.equal(compare(requests.map(encodeTraceRequest), tenant, block), requests.length)
          block.encode()
        }
      },
    ),
    { numRuns: 150 },
  )
})

/** A varint in so many bytes, or as few as it takes. */
function varint(value: bigint, atLeast = 1): number[] {
  const bytes: number[] = []
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    const isLast = rest < 0x80n && bytes.length >= atLeast - 1
    bytes.push(Number(rest & 0x7fn) | (isLast ? 0 : 0x80))
    if (isLast) return bytes
  }
}

function behindLength(tag: number, content: Iterable<number>, lengthBytes = 1): number[] {
  const bytes = [...content]
  return [tag, ...varint(BigInt(bytes.length), lengthBytes), ...bytes]
}

/** A request of one span with these fields behind its ids. */
function spanWith(fields: Iterable<number>): Uint8Array {
  const ids = [...behindLength(0x0a, Array(16).fill(1)), ...behindLength(0x12, Array(8).fill(2))]
  const scopeSpans = behindLength(0x12, [...ids, ...fields])
  return Uint8Array.from(behindLength(0x0a, behindLength(0x12, scopeSpans)))
}

test('makes the same rows of attributes however they are written: every length, every number, overlong, half, doubled, not UTF-8', () => {
  const texts = [0, 1, 2, 3, 4, 5, 39, 40, 100, 119, 120, 121, 127, 128, 129, 2047, 2049, 16_383, 16_384].map(
    (length) => behindLength(0x0a, Array(length).fill(0x61)),
  )
  const powers = Array.from({ length: 19 }, (_, exponent) => 10n ** BigInt(exponent))
  const edges = [0n, 2n ** 28n, 2n ** 31n, 2n ** 32n, 2n ** 49n, 2n ** 53n, 2n ** 63n, ...powers]
  const numbers = edges.flatMap((edge) => [edge - 1n, edge, edge + 1n]).map((edge) => [0x18, ...varint(edge)])
  const odd = [
    [],
    [0x18, ...varint(5n, 3)],
    [0x18, ...varint(5n, 10)],
    [0x18, 5, 0x18, 6],
    [0x10, 0],
    [0x10, 1],
    [0x10, 2],
    [0x10, ...varint(1n, 2)],
    [0x10, 1, 0x0a, 1, 0x62],
    behindLength(0x0a, [0x62], 2),
    behindLength(0x0a, [0x62], 3),
    behindLength(0x0a, [0x62, 0xff]),
    behindLength(0x0a, [0xc3]),
    behindLength(0x0a, Buffer.from('Grüße, 世界 🚀')),
    [...behindLength(0x0a, [0x62]), 0x7a, 0],
    [0x0a, 5, 0x62],
    [0x18, 0x80],
    [0x21, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
    behindLength(0x2a, []),
    [0x40, 1],
  ]
  const keys = [
    '',
    'k',
    'a=b\\c',
    'tenant_id',
    'user_id',
    'ключ',
    'k'.repeat(120),
    'k'.repeat(127),
    'k'.repeat(128),
  ].map((key) => [...Buffer.from(key)])
  keys.push([0xff, 0x3d])
  for (const key of keys) {
    const inputs: Uint8Array[] = []
    for (const value of [...texts, ...numbers, ...odd]) {
      for (const lengthBytes of [1, 2]) {
        const keyField = behindLength(0x0a, key, lengthBytes)
        const valueField = behindLength(0x12, value, lengthBytes)
        const pairs = [
          [...keyField, ...valueField],
          [...valueField, ...keyField],
          [...keyField, ...valueField, 0x18, 1],
        ]
        for (const pair of pairs) inputs.push(spanWith(behindLength(0x4a, pair, lengthBytes)))
      }
    }
    const accepted = compare([...inputs, ...inputs])
    assert.ok(accepted > inputs.length && accepted < 2 * inputs.length, `${accepted} of ${inputs.length}`)
  }
})

test('goes on making the right rows when a block has more different attributes than its table keeps', () => {
  const count = 270_000
  const many = Array.from({ length: count }, (_, index) => {
    const text = String(index)
    return [
      0x4a,
      text.length + 7,
      0x0a,
      1,
      0x6b,
      0x12,
      text.length + 2,
      0x0a,
      text.length,
      ...Buffer.from(text),
    ]
  })
  const once = spanWith(many.flat())
  const block = new SpanTranscoder(received)
  block.append(once)
  const first = block.bytes
  // Of an attribute: its token, its number in the row, what the table holds of it.
  assert.ok(first < count * 64, `${first / count} bytes an attribute`)
  block.append(once)
  assert.ok(block.bytes - first < count * 5, 'those that are kept are found, the others are a few')
  const [one, other] = nativeRows(block.encode())
  const expected = Array.from({ length: count }, (_, index) => `k:s=${index}`)
  assert.deepEqual(one?.attributes, expected)
  assert.deepEqual(other?.attributes, expected)
})

/** The content of the one ResourceSpans. */
function resourceSpansOf(request: TraceRequest): Uint8Array {
  const bytes = encodeTraceRequest({ resourceSpans: request.resourceSpans.slice(0, 1) })
  let at = 1
  while (bytes[at]! > 0x7f) at++
  return bytes.subarray(at + 1)
}

test('makes the same rows of fields in any order, sent twice, and of messages that are to be merged', () => {
  fc.assert(
    fc.property(fc.array(anyRequest, { minLength: 2, maxLength: 3 }), (requests) => {
      fc.pre(requests.every(({ resourceSpans }) => resourceSpans.length > 0))
      const content = Buffer.concat(requests.map(resourceSpansOf))
      const length: number[] = []
      for (let rest = content.length; ; rest >>>= 7) {
        length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
        if (rest <= 0x7f) break
      }
      assert.equal(compare([Buffer.concat([Uint8Array.of(0x0a, ...length), content])]), 1)
    }),
    { numRuns: 200 },
  )
})

/** A request of a kilobyte or two with everything in it. */
const sample = fc
  .sample(anyRequest, { seed: 3, numRuns: 200 })
  .map(encodeTraceRequest)
  .filter((bytes) => bytes.length < 2500)
  .reduce((largest, bytes) => (bytes.length > largest.length ? bytes : largest))

test('accepts of a request cut off at every byte what the objects accept, and keeps nothing of the rest', () => {
  assert.ok(sample.length > 1500)
  const accepted = compare(Array.from(sample, (_, length) => sample.subarray(0, length)))
  assert.ok(accepted < sample.length / 2, `${accepted} of ${sample.length} were accepted`)
})

test('accepts of a request with any one bit flipped what the objects accept, and makes the same rows of it', () => {
  // Some hundred inputs a block: each finds what those before it left in the dictionaries.
  for (let from = 0; from < sample.length; from += 64) {
    const flipped: Uint8Array[] = []
    for (let at = from; at < Math.min(from + 64, sample.length); at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = sample.slice()
        bytes[at]! ^= 1 << bit
        flipped.push(bytes)
      }
    }
    compare(flipped)
  }
})

test('keeps the rows of requests before and after one that is malformed', () => {
  const good = (name: string) =>
    encodeTraceRequest(request('shop', [span({ name, attributes: attributes({ name }) })]))
  const bad = encodeTraceRequest(
    request('shop', [span({ name: 'bad', attributes: attributes({ bad: 'x' }) }), span()]),
  )
  assert.equal(compare([good('a'), bad.subarray(0, bad.length - 1), good('b'), good('a')]), 3)
})

test('makes one dictionary entry of an attribute that comes again', () => {
  const block = new SpanTranscoder(received)
  const bytes = encodeTraceRequest(
    request('shop', [span({ attributes: attributes({ route: '/a', n: 5n, list: ['x'] }) })]),
  )
  for (let count = 0; count < 5000; count++) block.append(bytes)
  assert.equal(block.rows, 5000)
  const sizeOf = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  // Of a row: 16 + 3 · 8 ids, 16 times, 28 numbers, 6 + 3 entries of dictionaries, 24 ends, 2 empty texts.
  assert.ok(sizeOf(block.encode()) < 5000 * 125 + 1000)
})

test('takes a body of nothing but empty spans without memory for them', () => {
  const body = new Uint8Array(2 * 1024 * 1024)
  for (let at = 0; at < body.length; at += 2) body[at] = 0x12
  const scope = Buffer.concat([Uint8Array.of(0x12, 0x80, 0x80, 0x80, 0x01), body])
  const bytes = Buffer.concat([Uint8Array.of(0x0a, 0x85, 0x80, 0x80, 0x01), scope])
  const block = new SpanTranscoder(received)
  const before = process.memoryUsage()
  const refusals = block.append(bytes)
  const after = process.memoryUsage()
  assert.equal(refusals.count, body.length / 2)
  assert.equal(refusals.message, `${body.length / 2} with a traceId of 0 bytes instead of 16`)
  assert.equal(block.rows, 0)
  const grown = after.heapUsed + after.external - before.heapUsed - before.external
  assert.ok(grown < 64 * 1024 * 1024, `${grown} bytes`)
})
