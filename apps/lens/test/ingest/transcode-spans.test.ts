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

/** Both ways for each of the inputs, all into one block. How many were accepted. */
function compare(inputs: readonly Uint8Array[], tenant?: string): number {
  const block = new SpanTranscoder(received)
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
  const body = new Uint8Array(4 * 1024 * 1024)
  for (let at = 0; at < body.length; at += 2) body[at] = 0x12
  const scope = Buffer.concat([Uint8Array.of(0x12, 0x80, 0x80, 0x80, 0x02), body])
  const bytes = Buffer.concat([Uint8Array.of(0x0a, 0x85, 0x80, 0x80, 0x02), scope])
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
