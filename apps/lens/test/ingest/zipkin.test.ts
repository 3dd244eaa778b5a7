/** Zipkin's way in, end to end: what OpenTelemetry's Zipkin exporter and Zipkin's own tracers send is found as it was meant. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { TraceResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start({ LENS_CORS_ORIGINS: 'https://shop.example' })
})
after(() => lens[Symbol.asyncDispose]())

function post(spans: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const body = typeof spans === 'string' || spans instanceof Buffer ? spans : JSON.stringify(spans)
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body as BodyInit,
  }
  return fetch(`${lens.urls.otlpHttp}/api/v2/spans`, init)
}

const now = Date.now() * 1000
const call = (traceId: string) => [
  {
    traceId,
    id: 'b7ad6b7169203331',
    kind: 'CLIENT',
    name: 'get',
    timestamp: now,
    duration: 5000,
    localEndpoint: { serviceName: 'frontend' },
    tags: { tenant_id: 'acme' },
  },
  {
    traceId,
    id: 'b7ad6b7169203331',
    kind: 'SERVER',
    shared: true,
    name: 'get /orders',
    timestamp: now + 1000,
    duration: 3000,
    localEndpoint: { serviceName: 'backend', ipv4: '10.0.0.1' },
    annotations: [{ timestamp: now + 2000, value: 'cache miss' }],
    tags: { error: 'no such order', tenant_id: 'acme' },
  },
]

test("stores what OpenTelemetry's Zipkin exporter sends", async () => {
  const exporter = new ZipkinExporter({ url: `${lens.urls.otlpHttp}/api/v2/spans` })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2.3' }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  })
  const span = provider.getTracer('lib').startSpan('POST /checkout', {
    kind: SpanKind.SERVER,
    attributes: { tenant_id: 'acme', 'user.id': 'bob', 'http.response.status_code': 500 },
  })
  span.addEvent('cart locked')
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'card declined' })
  span.end()
  await provider.forceFlush()
  await provider.shutdown()

  const trace = await lens.get<TraceResponse>(`/api/lens/traces/${span.spanContext().traceId}`)
  const [stored] = trace.spans
  assert.ok(stored !== undefined && trace.spans.length === 1)
  assert.deepEqual(
    [
      stored.spanId,
      stored.name,
      stored.kind,
      stored.status,
      stored.statusMessage,
      stored.tenant,
      stored.user,
    ],
    [span.spanContext().spanId, 'POST /checkout', 'server', 'error', 'card declined', 'acme', 'bob'],
  )
  assert.equal(stored.events[0]?.name, 'cart locked')
  assert.equal(trace.resources[stored.resource]?.service, 'shop')
})

test('keeps both halves of a call, once, however often and however compressed they are sent', async () => {
  const traceId = 'b7ad6b7169203331'
  for (const headers of [{}, { 'content-encoding': 'gzip' }]) {
    const body = JSON.stringify(call(traceId))
    const response = await post(headers['content-encoding'] ? gzipSync(body) : body, headers)
    assert.deepEqual([response.status, await response.text()], [202, ''])
  }
  const { spans } = await lens.get<TraceResponse>(`/api/lens/traces/${traceId}`)
  assert.deepEqual(
    spans.map(({ name, kind, status }) => [name, kind, status]),
    [
      ['get', 'client', 'unset'],
      ['get /orders', 'server', 'error'],
    ],
  )
  assert.equal(spans[1]?.parentSpanId, spans[0]?.spanId)
  assert.equal(spans[1]?.statusMessage, 'no such order')
})

test('takes an empty list, and refuses a bad one by its place, storing nothing of it', async () => {
  assert.equal((await post([])).status, 202)
  const [good] = call('00000000000000000000000000000abc')
  const response = await post([good, { traceId: 'x' }])
  assert.equal(response.status, 400)
  assert.deepEqual(await response.json(), { code: 3, message: '[1].id: expected 1 to 16 hexadecimal digits' })
  await lens.get('/api/lens/traces/00000000000000000000000000000abc', {}, 404)
  assert.equal((await post('x', { 'content-type': 'application/x-thrift' })).status, 415)
})

test('lets the pages of named origins send to it, and no others', async () => {
  const statusFor = async (origin: string) => (await post([], { origin })).status
  assert.equal(await statusFor('https://shop.example'), 202)
  assert.equal(await statusFor('https://evil.example'), 403)
})
