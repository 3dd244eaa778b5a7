import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Attributes,
  type AttributeValue,
  context,
  createTraceState,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api'
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { decodeTraceRequest, decodeTraceRequestJson, type TraceRequest } from '../src/index.ts'
import { text } from './support/arbitrary.ts'
import { requestByReference } from './support/reference.ts'
import { firstSpan } from './support/requests.ts'

interface SpanPlan {
  readonly name: string
  readonly kind: number
  readonly parent: SpanContext | undefined
  readonly attributes: Attributes
  readonly links: Link[]
  readonly events: readonly {
    readonly name: string
    readonly attributes: Attributes
    readonly time: number
  }[]
  readonly status: { readonly code: number; readonly message: string }
  readonly startTime: number
}

/** Records the planned spans with the official SDK. */
function recordSpans(resource: Attributes, scopes: readonly { name: string; spans: readonly SpanPlan[] }[]) {
  const ended: ReadableSpan[] = []
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => ended.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  })
  for (const { name: scope, spans } of scopes) {
    const tracer = provider.getTracer(scope, '1.2.3', {
      schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
    })
    for (const plan of spans) {
      const { name, kind, attributes, links, startTime } = plan
      const parent =
        plan.parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, plan.parent)
      const span = tracer.startSpan(name, { kind, attributes, links, startTime }, parent)
      for (const event of plan.events) span.addEvent(event.name, event.attributes, event.time)
      span.setStatus(plan.status)
      span.end(startTime + 7)
    }
  }
  return ended
}

function protobufOf(spans: ReadableSpan[]): Uint8Array {
  const bytes = ProtobufTraceSerializer.serializeRequest(spans)
  assert.ok(bytes)
  return bytes
}

function jsonOf(spans: ReadableSpan[]): Uint8Array {
  const bytes = JsonTraceSerializer.serializeRequest(spans)
  assert.ok(bytes)
  return bytes
}

const example: SpanPlan = {
  name: 'GET /orders/:id',
  kind: 1,
  parent: {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    isRemote: true,
    traceState: createTraceState('vendor=value'),
  },
  attributes: {
    'http.route': '/orders/:id',
    'http.response.status_code': 500,
    ratio: 0.25,
    tags: ['a', 'b'],
  },
  links: [
    {
      context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 },
      attributes: { why: 'retry' },
    },
  ],
  events: [{ name: 'exception', attributes: { 'exception.type': 'Error' }, time: 1_700_000_000_500 }],
  status: { code: 2, message: 'boom' },
  startTime: 1_700_000_000_000,
}

const readers: readonly (readonly [string, (spans: ReadableSpan[]) => TraceRequest])[] = [
  ['protobuf', (spans) => decodeTraceRequest(protobufOf(spans))],
  ['JSON', (spans) => decodeTraceRequestJson(jsonOf(spans))],
]

for (const [format, read] of readers) {
  test(`reads what the official SDK exports as ${format}`, () => {
    const request = read(recordSpans({ 'service.name': 'shop' }, [{ name: 'http', spans: [example] }]))
    const [resourceSpans] = request.resourceSpans
    assert.deepEqual(resourceSpans?.resource.attributes, [{ key: 'service.name', value: 'shop' }])
    const [scopeSpans] = resourceSpans.scopeSpans
    assert.deepEqual(scopeSpans?.scope, {
      name: 'http',
      version: '1.2.3',
      attributes: [],
      droppedAttributesCount: 0,
    })
    assert.equal(scopeSpans.schemaUrl, 'https://opentelemetry.io/schemas/1.30.0')
    const { spanId, ...span } = firstSpan(request)
    assert.equal(spanId.length, 8)
    assert.deepEqual(span, {
      traceId: Uint8Array.from(Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex')),
      traceState: 'vendor=value',
      parentSpanId: Uint8Array.from(Buffer.from('b7ad6b7169203331', 'hex')),
      flags: 0x301,
      name: 'GET /orders/:id',
      kind: 2,
      startTimeUnixNano: 1_700_000_000_000_000_000n,
      endTimeUnixNano: 1_700_000_000_007_000_000n,
      attributes: [
        { key: 'http.route', value: '/orders/:id' },
        { key: 'http.response.status_code', value: 500n },
        { key: 'ratio', value: 0.25 },
        { key: 'tags', value: ['a', 'b'] },
      ],
      droppedAttributesCount: 0,
      events: [
        {
          timeUnixNano: 1_700_000_000_500_000_000n,
          name: 'exception',
          attributes: [{ key: 'exception.type', value: 'Error' }],
          droppedAttributesCount: 0,
        },
      ],
      droppedEventsCount: 0,
      links: [
        {
          traceId: new Uint8Array(16).fill(0x11),
          spanId: new Uint8Array(8).fill(0x22),
          traceState: '',
          attributes: [{ key: 'why', value: 'retry' }],
          droppedAttributesCount: 0,
          flags: 0x100,
        },
      ],
      droppedLinksCount: 0,
      status: { message: 'boom', code: 2 },
    })
  })
}

const attributeValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  text(),
  fc.boolean(),
  fc.maxSafeInteger(),
  // Not those between: their digits in JSON are not the number's own, 2 ** 60 is 1152921504606847000.
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
  fc.constantFrom(2 ** 53, 2 ** 63, 1e300),
  fc.array(text(), { maxLength: 3 }),
  fc.array(fc.maxSafeInteger(), { maxLength: 3 }),
  fc.array(fc.boolean(), { maxLength: 3 }),
)
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(text(), attributeValue, {
  maxKeys: 5,
  noNullPrototype: true,
})
const hex = (digits: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: digits / 2, maxLength: digits / 2 }).map((bytes) => {
    bytes[0] = 1 // An id of zeros is none, and the SDK would not take it.
    return Buffer.from(bytes).toString('hex')
  })
const spanContext: fc.Arbitrary<SpanContext> = fc.record(
  { traceId: hex(32), spanId: hex(16), traceFlags: fc.constantFrom(1, 3, 255), isRemote: fc.boolean() },
  { noNullPrototype: true },
)
const time = fc.integer({ min: 1, max: 4_000_000_000_000 })
const spanPlan: fc.Arbitrary<SpanPlan> = fc.record(
  {
    name: text(),
    kind: fc.integer({ min: 0, max: 4 }),
    parent: fc.option(spanContext, { nil: undefined }),
    attributes,
    links: fc.array(fc.record({ context: spanContext, attributes }, { noNullPrototype: true }), {
      maxLength: 2,
    }),
    events: fc.array(fc.record({ name: text(), attributes, time }), { maxLength: 2 }),
    status: fc.record({ code: fc.integer({ min: 0, max: 2 }), message: text() }),
    startTime: time,
  },
  { noNullPrototype: true },
)
const scopes = fc.array(
  fc.record({ name: text(), spans: fc.array(spanPlan, { minLength: 1, maxLength: 3 }) }),
  {
    minLength: 1,
    maxLength: 2,
  },
)

test('reads whatever the official SDK exports as the reference does, and its JSON to the same end', () => {
  assert.ok(context.active() === ROOT_CONTEXT)
  fc.assert(
    fc.property(attributes, scopes, (resource, plans) => {
      const spans = recordSpans(resource, plans)
      assert.equal(spans.length, plans.flatMap((plan) => plan.spans).length)
      const request = decodeTraceRequest(protobufOf(spans))
      assert.deepEqual(request, requestByReference(protobufOf(spans)))
      assert.deepEqual(decodeTraceRequestJson(jsonOf(spans)), request)
    }),
    { numRuns: 200 },
  )
})
