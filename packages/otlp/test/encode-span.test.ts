import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AnyValue,
  type AttributeInput,
  type AttributeKey,
  type AttributeList,
  attributeKey,
  type EventRecord,
  encloseSpans,
  encodeEnvelope,
  encodeResource,
  encodeScope,
  encodeSpan,
  type KeyValue,
  KeyValueList,
  type LinkRecord,
  prepareAttributes,
  type Span,
  type SpanRecord,
  Writer,
} from '../src/index.ts'
import { anyText } from './support/arbitrary.ts'
import { requestByReference } from './support/reference.ts'

/** The bytes of a request with these spans, all through one writer that starts small. */
function encodeSpans(spans: readonly SpanRecord[]): Uint8Array {
  const writer = new Writer(64)
  let total = 0
  for (const span of spans) total += encodeSpan(writer, span)
  assert.equal(total, writer.position)
  const scope = encodeScope({ name: 'scope' })
  return encodeEnvelope(encodeResource({ attributes: {} }), [{ scope, spans: writer.finish() }])
}

function readSpans(bytes: Uint8Array): readonly Span[] {
  const [resourceSpans] = requestByReference(bytes).resourceSpans
  return resourceSpans?.scopeSpans[0]?.spans ?? []
}

const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1))
const uint32 = fc.oneof(
  fc.constant(0),
  fc.nat({ max: 0xffff_ffff }),
  fc.constantFrom(127, 128, 0x8000_0000, 0xffff_ffff),
)
const key = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom('http.route', 'tenant_id', '', '__proto__', 'k'.repeat(129)) },
    anyText(),
  )
  .map(attributeKey)

const value = fc.letrec<{ value: AttributeInput }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: anyText() },
    { weight: 2, arbitrary: fc.constantFrom('GET', 'POST', 'x'.repeat(96), 'x'.repeat(97), 'é'.repeat(64)) },
    { weight: 3, arbitrary: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 })) },
    { weight: 3, arbitrary: fc.double() },
    {
      weight: 1,
      arbitrary: fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -(2 ** 53) + 1, 1e300, -0),
    },
    { weight: 2, arbitrary: fc.boolean() },
    { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }) },
    { weight: 1, arbitrary: fc.constantFrom(2n ** 63n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) - 1n) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(anyText(), tie('value'), { maxKeys: 4 }) },
  ),
})).value

const attributeList = fc
  .array(fc.tuple(key, value), { maxLength: 6 })
  .map((pairs): AttributeList => pairs.flat())

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString('hex'))
const event: fc.Arbitrary<EventRecord> = fc.record({
  name: anyText(),
  timeHigh: uint32,
  timeLow: uint32,
  attributeList,
  droppedAttributes: uint32,
})
const link: fc.Arbitrary<LinkRecord> = fc.record({
  traceId: hex(16),
  spanId: hex(8),
  traceStateText: anyText(),
  flags: uint32,
  attributeList,
  droppedAttributes: uint32,
})
const spanWithoutAttributes = fc.record({
  traceId0: int32,
  traceId1: int32,
  traceId2: int32,
  traceId3: int32,
  spanId0: int32,
  spanId1: int32,
  parentSpanId0: int32,
  parentSpanId1: int32,
  flags: uint32,
  traceStateText: anyText(),
  name: fc.oneof(anyText(), fc.constantFrom('GET /', 'query', 'n'.repeat(96), 'n'.repeat(97))),
  otlpKind: fc.nat({ max: 5 }),
  startHigh: uint32,
  startLow: uint32,
  endHigh: uint32,
  endLow: uint32,
  prepared0: fc.constant(undefined),
  prepared1: fc.constant(undefined),
  prepared2: fc.constant(undefined),
  droppedAttributes: uint32,
  eventList: fc.option(fc.array(event, { maxLength: 3 }), { nil: undefined }),
  droppedEvents: uint32,
  linkList: fc.option(fc.array(link, { maxLength: 3 }), { nil: undefined }),
  droppedLinks: uint32,
  statusCode: fc.nat({ max: 2 }),
  statusMessage: anyText(),
})
const spanRecord: fc.Arbitrary<SpanRecord> = fc
  .tuple(spanWithoutAttributes, attributeList)
  .map(([span, list]) => ({ ...span, ...inColumns(list) }))

function inColumns(list: AttributeList): Pick<SpanRecord, 'attributeKeys' | 'attributeValues'> {
  return {
    attributeKeys: list.filter((_, i) => i % 2 === 0) as AttributeKey[],
    attributeValues: list.filter((_, i) => i % 2 === 1) as AttributeInput[],
  }
}

function listOf({ attributeKeys, attributeValues }: SpanRecord): AttributeList {
  return attributeKeys.flatMap((key, i): AttributeList => [key, attributeValues[i]])
}

/** What a decoder must see of `span`. */
function expected(span: SpanRecord, shared: AttributeList = []): Span {
  const isRoot = span.parentSpanId0 === 0 && span.parentSpanId1 === 0
  return {
    traceId: id(span.traceId0, span.traceId1, span.traceId2, span.traceId3),
    spanId: id(span.spanId0, span.spanId1),
    traceState: span.traceStateText.toWellFormed(),
    parentSpanId: isRoot ? new Uint8Array(0) : id(span.parentSpanId0, span.parentSpanId1),
    flags: span.flags,
    name: span.name.toWellFormed(),
    kind: span.otlpKind,
    startTimeUnixNano: time(span.startHigh, span.startLow),
    endTimeUnixNano: time(span.endHigh, span.endLow),
    attributes: [...expectedAttributes(shared), ...expectedAttributes(listOf(span))],
    droppedAttributesCount: span.droppedAttributes,
    events: (span.eventList ?? []).map((item) => ({
      timeUnixNano: time(item.timeHigh, item.timeLow),
      name: item.name.toWellFormed(),
      attributes: expectedAttributes(item.attributeList),
      droppedAttributesCount: item.droppedAttributes,
    })),
    droppedEventsCount: span.droppedEvents,
    links: (span.linkList ?? []).map((item) => ({
      traceId: Uint8Array.from(Buffer.from(item.traceId, 'hex')),
      spanId: Uint8Array.from(Buffer.from(item.spanId, 'hex')),
      traceState: item.traceStateText.toWellFormed(),
      attributes: expectedAttributes(item.attributeList),
      droppedAttributesCount: item.droppedAttributes,
      flags: item.flags,
    })),
    droppedLinksCount: span.droppedLinks,
    // A message belongs to a status that is set.
    status: {
      message: span.statusCode === 0 ? '' : span.statusMessage.toWellFormed(),
      code: span.statusCode,
    },
  }
}

function id(...words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  words.forEach((word, i) => {
    new DataView(bytes.buffer).setInt32(i * 4, word)
  })
  return bytes
}

function time(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}

function expectedAttributes(list: AttributeList): KeyValue[] {
  const pairs: KeyValue[] = []
  for (let i = 0; i < list.length; i += 2) {
    const { name } = list[i] as AttributeKey
    pairs.push({ key: name.toWellFormed(), value: expectedValue(list[i + 1] as AttributeInput) })
  }
  return pairs
}

function expectedValue(input: AttributeInput): AnyValue {
  if (input === null || input === undefined) return undefined
  if (typeof input === 'string') return input.toWellFormed()
  if (typeof input === 'number')
    return Number.isSafeInteger(input) && !Object.is(input, -0) ? BigInt(input) : input
  if (typeof input === 'bigint') return BigInt.asIntN(64, input) === input ? input : input.toString()
  if (typeof input === 'boolean' || input instanceof Uint8Array) return input
  if (Array.isArray(input)) return input.map(expectedValue)
  const entries = Object.entries(input as Record<string, AttributeInput>)
  return new KeyValueList(
    entries.map(([name, member]) => ({ key: name.toWellFormed(), value: expectedValue(member) })),
  )
}

test('encodes every span so that the reference reads it, the first time and when all is prepared', () => {
  fc.assert(
    fc.property(fc.array(spanRecord, { minLength: 1, maxLength: 4 }), (spans) => {
      const once = spans.map((span) => expected(span))
      assert.deepEqual(readSpans(encodeSpans([...spans, ...spans])), [...once, ...once])
    }),
    { numRuns: 400 },
  )
})

test('puts attributes that were prepared in front of the span\u2019s own', () => {
  fc.assert(
    fc.property(spanRecord, attributeList, (span, shared) => {
      const prepared = prepareAttributes(shared)
      for (const place of ['prepared0', 'prepared1', 'prepared2']) {
        assert.deepEqual(readSpans(encodeSpans([{ ...span, [place]: prepared }])), [expected(span, shared)])
      }
    }),
    { numRuns: 200 },
  )
})

test('encodes resource and scope with every kind of attribute, and any number of scopes', () => {
  const attributes = fc.dictionary(anyText(), value, { maxKeys: 6 })
  const scope = fc.record({ name: anyText(), version: anyText(), schemaUrl: anyText(), attributes })
  fc.assert(
    fc.property(
      attributes,
      anyText(),
      fc.array(fc.tuple(scope, fc.array(spanRecord, { maxLength: 2 }))),
      (own, url, parts) => {
        const scopes = parts.map(([input, spans]) => {
          const writer = new Writer()
          for (const span of spans) encodeSpan(writer, span)
          return { scope: encodeScope(input), spans: writer.finish() }
        })
        const bytes = encodeEnvelope(encodeResource({ attributes: own, schemaUrl: url }), scopes)
        assert.deepEqual(requestByReference(bytes), {
          resourceSpans: [
            {
              resource: { attributes: pairsOf(own), droppedAttributesCount: 0 },
              scopeSpans: parts.map(([input, spans]) => ({
                scope: {
                  name: input.name.toWellFormed(),
                  version: input.version.toWellFormed(),
                  attributes: pairsOf(input.attributes),
                  droppedAttributesCount: 0,
                },
                spans: spans.map((span) => expected(span)),
                schemaUrl: input.schemaUrl.toWellFormed(),
              })),
              schemaUrl: url.toWellFormed(),
            },
          ],
        })
      },
    ),
    { numRuns: 150 },
  )
})

test('encloses spans in their own memory, wherever they begin, as it encloses copies of them', () => {
  const text = fc.oneof(anyText(), fc.constant('x'.repeat(300)))
  const part = fc.record({
    scope: fc.record({ name: text, schemaUrl: text }),
    spans: fc.array(spanRecord, { minLength: 1, maxLength: 3 }),
  })
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 4 }),
      fc.record({ attributes: fc.dictionary(text, text, { maxKeys: 3 }), schemaUrl: text }),
      fc.nat({ max: 700 }),
      fc.constantFrom(0, 2000),
      (parts, resourceInput, start, capacity) => {
        const resource = encodeResource(resourceInput)
        const scopes = parts.map(({ scope, spans }) => {
          const writer = new Writer(64)
          for (const span of spans) encodeSpan(writer, span)
          return { scope: encodeScope(scope), spans: writer.finish() }
        })
        const [own, ...others] = scopes
        const writer = new Writer(Buffer.alloc(start + 100 + capacity))
        writer.position = start
        for (const span of parts[0]!.spans) encodeSpan(writer, span)
        const enclosed = encloseSpans(writer, start, resource, own!.scope, others)
        assert.deepEqual(Uint8Array.from(enclosed), encodeEnvelope(resource, scopes))
      },
    ),
    { numRuns: 200 },
  )
})

function pairsOf(attributes: { readonly [key: string]: AttributeInput }): readonly KeyValue[] {
  return (expectedValue(attributes) as KeyValueList).values
}

test('encodes a key with more values than are cached, and goes on doing so', () => {
  const many = attributeKey('high.cardinality')
  const spans = Array.from({ length: 200 }, (_, i) => ({
    ...plainSpan,
    ...inColumns([many, `value ${i % 150}`]),
  }))
  const values = readSpans(encodeSpans(spans)).map((span) => span.attributes[0]?.value)
  assert.deepEqual(
    values,
    spans.map((_, i) => `value ${i % 150}`),
  )
})

test('encodes more keys than are interned', () => {
  const attributeList = Array.from({ length: 6000 }, (_, i) => [attributeKey(`one.of.many.${i}`), i]).flat()
  const [span] = readSpans(encodeSpans([{ ...plainSpan, ...inColumns(attributeList) }]))
  assert.deepEqual(span?.attributes, expectedAttributes(attributeList))
})

test('encodes more names than are prepared', () => {
  const spans = Array.from({ length: 3000 }, (_, i) => ({ ...plainSpan, name: `operation ${i % 1500}` }))
  assert.deepEqual(
    readSpans(encodeSpans(spans)).map((span) => span.name),
    spans.map((span) => span.name),
  )
})

test('encodes strings of megabytes', () => {
  const long = '漢'.repeat(1_000_000)
  const span = {
    ...plainSpan,
    name: long,
    ...inColumns([attributeKey('body'), long]),
    statusCode: 2,
    statusMessage: long,
  }
  assert.deepEqual(readSpans(encodeSpans([span])), [expected(span)])
})

test('encodes a value nested deeper than decoders take as an empty one', () => {
  let deep: AttributeInput = 'innermost'
  for (let depth = 0; depth < 150; depth++) deep = depth % 2 ? [deep] : { deeper: deep }
  const [span] = readSpans(encodeSpans([{ ...plainSpan, ...inColumns([attributeKey('deep'), deep]) }]))
  let levels = 0
  for (let at = span?.attributes[0]?.value; at !== undefined; levels++) {
    at = at instanceof KeyValueList ? at.values[0]?.value : (at as readonly AnyValue[])[0]
  }
  assert.equal(levels, 32)
})

const plainSpan: SpanRecord = {
  traceId0: 1,
  traceId1: 2,
  traceId2: 3,
  traceId3: 4,
  spanId0: 5,
  spanId1: 6,
  parentSpanId0: 0,
  parentSpanId1: 0,
  flags: 0x101,
  traceStateText: '',
  name: 'GET /',
  otlpKind: 2,
  startHigh: 0x1797_0000,
  startLow: 1,
  endHigh: 0x1797_0000,
  endLow: 2,
  attributeKeys: [],
  attributeValues: [],
  prepared0: undefined,
  prepared1: undefined,
  prepared2: undefined,
  droppedAttributes: 0,
  eventList: undefined,
  droppedEvents: 0,
  linkList: undefined,
  droppedLinks: 0,
  statusCode: 0,
  statusMessage: '',
}
