/** Zipkin's v2 JSON as OTLP: payloads as its tracers send them, and what is none of it. */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json as jsonOf } from 'node:stream/consumers'
import { test } from 'node:test'
import { SpanKind as ApiSpanKind, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace'
import { encodeTraceRequest, type Span, type TraceRequest } from '@rustok/otlp'
import fc from 'fast-check'
import { HttpError } from '../../src/ingest/http-error.ts'
import { readZipkinSpans } from '../../src/ingest/zipkin/read-spans.ts'
import { zipkinToOtlp } from '../../src/ingest/zipkin/to-otlp.ts'
import { anyCharacter } from '../support/any-character.ts'

function convert(spans: unknown): TraceRequest {
  return zipkinToOtlp(readZipkinSpans(Buffer.from(JSON.stringify(spans))))
}

interface Converted extends Span {
  readonly service: unknown
  readonly values: Readonly<Record<string, unknown>>
}

/** All spans in order of their start, with their service and their attributes by key. */
function spansOf(request: TraceRequest): Converted[] {
  return request.resourceSpans
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map((span) => ({
          ...span,
          service: resource.attributes.find(({ key }) => key === 'service.name')?.value,
          values: Object.fromEntries(span.attributes.map(({ key, value }) => [key, value])),
        })),
      ),
    )
    .sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano))
}

function only(span: object): Converted {
  const [converted, ...others] = spansOf(convert([span]))
  assert.ok(converted !== undefined && others.length === 0)
  return converted
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** As brave's reporters write it: 64-bit trace ids by default, lower-case service names, both halves under one id. */
const client = {
  traceId: '5af7183fb1d4cf5f',
  parentId: '6b221d5bc9e6496c',
  id: '352bff9a74ca9ad2',
  kind: 'CLIENT',
  name: 'get /api',
  timestamp: 1_556_604_172_355_737,
  duration: 1431,
  localEndpoint: { serviceName: 'frontend', ipv4: '192.168.99.1', port: 3306 },
  remoteEndpoint: { serviceName: 'backend', ipv4: '172.19.0.2', ipv6: '2001:db8::c001', port: 58_648 },
  annotations: [{ timestamp: 1_556_604_172_355_800, value: 'ws' }],
  tags: { 'http.method': 'GET', 'http.path': '/api' },
}
const server = {
  traceId: client.traceId,
  parentId: client.parentId,
  id: client.id,
  kind: 'SERVER',
  name: 'get /api',
  timestamp: 1_556_604_172_356_000,
  duration: 900,
  localEndpoint: { serviceName: 'backend', ipv4: '172.19.0.2' },
  shared: true,
}
const query = {
  traceId: client.traceId,
  parentId: client.id,
  id: '1111111111111111',
  name: 'query',
  timestamp: 1_556_604_172_356_100,
  duration: 300,
  localEndpoint: { serviceName: 'backend' },
}

test('reads a client span with everything in it', () => {
  const span = only(client)
  assert.equal(hex(span.traceId), '00000000000000005af7183fb1d4cf5f')
  assert.equal(hex(span.spanId), client.id)
  assert.equal(hex(span.parentSpanId), client.parentId)
  assert.deepEqual([span.name, span.kind, span.service], ['get /api', 3, 'frontend'])
  assert.equal(span.startTimeUnixNano, 1_556_604_172_355_737_000n)
  assert.equal(span.endTimeUnixNano - span.startTimeUnixNano, 1_431_000n)
  assert.deepEqual(span.values, {
    'http.method': 'GET',
    'http.path': '/api',
    'peer.service': 'backend',
    'network.local.address': '192.168.99.1',
    'network.local.port': 3306n,
    'network.peer.address': '172.19.0.2',
    'zipkin.peer.ipv6': '2001:db8::c001',
    'network.peer.port': 58_648n,
  })
  assert.deepEqual(
    span.events.map(({ name, timeUnixNano }) => [name, timeUnixNano]),
    [['ws', 1_556_604_172_355_800_000n]],
  )
  assert.deepEqual(span.status, { code: 0, message: '' })
})

test('keeps both halves of a call that share an id, the server below the client and its work below the server', () => {
  for (const order of [
    [client, server, query],
    [query, server, client],
  ]) {
    const [first, second, third] = spansOf(convert(order))
    assert.ok(first && second && third)
    assert.deepEqual([first.service, second.service, third.service], ['frontend', 'backend', 'backend'])
    assert.equal(hex(first.spanId), client.id)
    assert.notEqual(hex(second.spanId), client.id)
    assert.equal(hex(second.parentSpanId), client.id)
    assert.equal(hex(third.parentSpanId), hex(second.spanId))
    assert.equal(second.values['zipkin.shared'], true)
  }
})

test('gives a server half the same id whichever request it comes in', () => {
  const alone = only(server)
  const together = spansOf(convert([client, server])).find(({ service }) => service === 'backend')
  assert.equal(hex(alone.spanId), hex(together!.spanId))
  assert.equal(hex(alone.parentSpanId), client.id)
})

test('tells halves apart that do not say that they share', () => {
  const { shared: _, ...unsaid } = server
  const [first, second] = spansOf(convert([unsaid, client]))
  assert.equal(hex(second!.parentSpanId), hex(first!.spanId))
  // By itself it may as well be a span of its own.
  assert.equal(hex(only(unsaid).spanId), client.id)
})

test('leaves the children of a client span in its own service below it', () => {
  const local = { ...query, localEndpoint: { serviceName: 'frontend' } }
  const spans = spansOf(convert([client, server, local]))
  assert.equal(hex(spans.find(({ name }) => name === 'query')!.parentSpanId), client.id)
})

test('reads what zipkin-js sends: debug, a producer, no endpoint, a tag that says what failed', () => {
  const span = only({
    traceId: '863ac35c9f6413ad48485a3953bb6124',
    id: '48485a3953bb6124',
    name: 'send',
    kind: 'PRODUCER',
    timestamp: 1_472_470_996_199_000,
    duration: 207_000,
    annotations: [],
    tags: { error: 'connection refused', 'kafka.topic': 'orders' },
    debug: true,
  })
  assert.equal(hex(span.traceId), '863ac35c9f6413ad48485a3953bb6124')
  assert.deepEqual([span.kind, span.service, span.parentSpanId.length], [4, undefined, 0])
  assert.deepEqual(span.status, { code: 2, message: 'connection refused' })
  assert.deepEqual(span.values, { 'kafka.topic': 'orders', 'zipkin.debug': true })
})

test('reads what zipkin-go sends: nulls, empty endpoints, no duration, a root that is its own parent', () => {
  const span = only({
    traceId: 'ab',
    id: 'cd',
    parentId: 'cd',
    name: 'job',
    kind: null,
    timestamp: 1_472_470_996_199_000,
    duration: null,
    shared: null,
    localEndpoint: null,
    remoteEndpoint: {},
    annotations: null,
    tags: null,
    aFieldOfALaterVersion: [1],
  })
  assert.equal(hex(span.traceId), 'ab'.padStart(32, '0'))
  assert.equal(hex(span.spanId), 'cd'.padStart(16, '0'))
  assert.equal(span.parentSpanId.length, 0)
  assert.equal(span.kind, 1)
  assert.equal(span.endTimeUnixNano, span.startTimeUnixNano)
})

test('marks a start that was not recorded, and takes that of the first annotation', () => {
  const { timestamp: _, ...timeless } = client
  const span = only(timeless)
  assert.equal(span.startTimeUnixNano, 1_556_604_172_355_800_000n)
  assert.equal(span.values['otel.zipkin.absentField.startTime'], true)
  assert.equal(only({ traceId: '1', id: '1', timestamp: 0 }).startTimeUnixNano, 0n)
})

for (const [tags, status] of [
  [{ error: '' }, { code: 2, message: '' }],
  [{ error: 'true' }, { code: 2, message: '' }],
  [{ error: 'false' }, { code: 0, message: '' }],
  [{ 'otel.status_code': 'OK' }, { code: 1, message: '' }],
  [
    { 'otel.status_code': 'ERROR', error: 'boom' },
    { code: 2, message: 'boom' },
  ],
  [
    { 'otel.status_code': 'STATUS_CODE_ERROR', 'otel.status_description': 'boom' },
    { code: 2, message: 'boom' },
  ],
] as const) {
  test(`reads the status in ${JSON.stringify(tags)}`, () => {
    assert.deepEqual(only({ traceId: '1', id: '1', tags }).status, status)
  })
}

test('reads events with attributes, and leaves what only looks like one', () => {
  const nested = `"deep": ${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
  const values = [
    '"retry": {"attempt": 3, "why": "timeout", "waits": [0.5, 1]}',
    '"broken": {',
    '{"a": 1}',
    nested,
  ]
  const { events } = only({
    traceId: '1',
    id: '1',
    annotations: values.map((value, index) => ({ timestamp: index + 1, value })),
  })
  assert.deepEqual(events[0]?.attributes, [
    { key: 'attempt', value: 3n },
    { key: 'why', value: 'timeout' },
    { key: 'waits', value: [0.5, 1n] },
  ])
  assert.deepEqual(
    events.map(({ name }) => name),
    ['retry', ...values.slice(1)],
  )
})

test("reads what OpenTelemetry's exporter makes of its spans", async () => {
  const ended: ReadableSpan[] = []
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2.3' }),
    spanProcessors: [
      {
        onStart: () => {},
        onEnd: (span) => ended.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  })
  const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
  const span = provider
    .getTracer('lib')
    .startSpan(
      'POST /checkout',
      { kind: ApiSpanKind.SERVER, attributes: { tenant_id: 'acme', n: 3 } },
      trace.setSpanContext(ROOT_CONTEXT, parent),
    )
  span.addEvent('locked')
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' })
  span.end()

  const request = convert(await exportedBy(ended))
  assert.deepEqual(
    request.resourceSpans[0]?.resource.attributes.filter(({ key }) => key.startsWith('service.')),
    [
      { key: 'service.name', value: 'shop' },
      { key: 'service.version', value: '1.2.3' },
    ],
  )
  const [converted] = spansOf(request)
  assert.ok(converted)
  const { traceId, spanId } = span.spanContext()
  assert.deepEqual([hex(converted.traceId), hex(converted.spanId)], [traceId, spanId])
  assert.equal(hex(converted.parentSpanId), parent.spanId)
  assert.deepEqual([converted.name, converted.kind], ['POST /checkout', 2])
  assert.deepEqual(converted.status, { code: 2, message: 'declined' })
  assert.deepEqual(converted.values, { tenant_id: 'acme', n: '3' })
  assert.deepEqual(
    converted.events.map(({ name }) => name),
    ['locked'],
  )
})

for (const [what, body, message] of [
  ['no JSON', '[{', /^JSON: /],
  ['no list', '{"traceId":"1"}', 'JSON: expected a list of spans'],
  ['no object', '[[]]', '[0]: expected an object'],
  ['no id', '[{"traceId":"1","id":"1"},{"traceId":"1"}]', '[1].id: expected 1 to 16 hexadecimal digits'],
  [
    'a long id',
    `[{"traceId":"${'1'.repeat(33)}","id":"1"}]`,
    '[0].traceId: expected 1 to 32 hexadecimal digits',
  ],
  ['an id of zeros', '[{"traceId":"0000","id":"1"}]', '[0].traceId: is zero'],
  [
    'a kind that is none',
    '[{"traceId":"1","id":"1","kind":"client"}]',
    '[0].kind: expected one of CLIENT, SERVER, PRODUCER, CONSUMER',
  ],
  [
    'a negative time',
    '[{"traceId":"1","id":"1","timestamp":-1}]',
    '[0].timestamp: expected a whole number of microseconds',
  ],
  [
    'half a microsecond',
    '[{"traceId":"1","id":"1","duration":0.5}]',
    '[0].duration: expected a whole number of microseconds',
  ],
  [
    'nanoseconds for microseconds',
    '[{"traceId":"1","id":"1","timestamp":1556604172355737000000}]',
    '[0].timestamp: expected a whole number of microseconds',
  ],
  [
    'a tag that is an object',
    '[{"traceId":"1","id":"1","tags":{"a b":{}}}]',
    '[0].tags["a b"]: expected a string',
  ],
  [
    'an annotation without text',
    '[{"traceId":"1","id":"1","annotations":[{"value":5}]}]',
    '[0].annotations[0].value: expected a string',
  ],
  [
    'a port that is none',
    '[{"traceId":"1","id":"1","localEndpoint":{"port":70000}}]',
    '[0].localEndpoint.port: expected a port',
  ],
] as const) {
  test(`refuses ${what} by its place`, () => {
    assert.throws(() => readZipkinSpans(Buffer.from(body)), { name: 'HttpError', status: 400, message })
  })
}

const jsonish = fc.oneof(
  fc.json(),
  fc
    .array(
      fc.record({
        traceId: fc.oneof(fc.constantFrom('1', 'ab', '0'), fc.anything()),
        id: fc.oneof(fc.constantFrom('1', '2'), fc.anything()),
        parentId: fc.oneof(fc.constantFrom('1', '2', null), fc.anything()),
        kind: fc.constantFrom('CLIENT', 'SERVER', undefined, null, 'X'),
        shared: fc.constantFrom(true, false, null, 1),
        timestamp: fc.oneof(fc.nat(), fc.double(), fc.constantFrom('12', 2 ** 63, 1.8446744073709552e16)),
        duration: fc.oneof(fc.nat(), fc.constantFrom(1.8e16)),
        tags: fc.oneof(fc.dictionary(fc.string(), fc.string({ unit: anyCharacter })), fc.anything()),
        annotations: fc.oneof(
          fc.array(fc.record({ timestamp: fc.nat(), value: fc.string() })),
          fc.anything(),
        ),
        localEndpoint: fc.oneof(fc.record({ serviceName: fc.string() }), fc.anything()),
      }),
      { maxLength: 4 },
    )
    .map((spans) =>
      JSON.stringify(spans, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    ),
)

test('makes of any JSON what OTLP can say, or refuses it by its place', () => {
  let taken = 0
  fc.assert(
    fc.property(jsonish, (text) => {
      try {
        encodeTraceRequest(zipkinToOtlp(readZipkinSpans(Buffer.from(text))))
        taken++
      } catch (error) {
        assert.ok(error instanceof HttpError && error.status === 400, String(error))
      }
    }),
    { numRuns: 2000 },
  )
  assert.ok(taken > 100, `${taken} were taken`)
})

/** What the exporter sends over the network. */
async function exportedBy(spans: ReadableSpan[]): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const server = createServer(async (request, response) => {
    resolve(await jsonOf(request))
    response.writeHead(202).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const exporter = new ZipkinExporter({ url: `http://127.0.0.1:${port}/api/v2/spans` })
  await new Promise((exported) => exporter.export(spans, exported))
  await exporter.shutdown()
  server.closeAllConnections()
  server.close()
  return promise
}
