/** What the official SDK sends, over each of its three exporters, is found as it was meant. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { TraceResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
})
after(() => lens[Symbol.asyncDispose]())

const exporters: Readonly<Record<string, () => SpanExporter>> = {
  gRPC: () => new GrpcExporter({ url: lens.urls.otlpGrpc }),
  'gRPC with gzip': () => new GrpcExporter({ url: lens.urls.otlpGrpc, compression: 'gzip' as never }),
  'HTTP with protobuf': () => new ProtobufExporter({ url: `${lens.urls.otlpHttp}/v1/traces` }),
  'HTTP with gzipped protobuf': () =>
    new ProtobufExporter({ url: `${lens.urls.otlpHttp}/v1/traces`, compression: 'gzip' as never }),
  'HTTP with JSON': () => new JsonExporter({ url: `${lens.urls.otlpHttp}/v1/traces` }),
}

for (const [name, exporter] of Object.entries(exporters)) {
  test(`stores what the official exporter sends over ${name}`, async () => {
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2.3' }),
      spanProcessors: [new BatchSpanProcessor({ exporter: exporter() })],
    })
    const root = provider.getTracer('checkout-lib', '4.5.6').startSpan('POST /checkout', {
      kind: SpanKind.SERVER,
      attributes: {
        tenant_id: 'acme',
        'user.id': 'bob',
        'http.response.status_code': 500,
        ratio: 0.25,
        retried: false,
        tags: ['a', 'b'],
      },
      links: [
        {
          context: {
            traceId: '0123456789abcdef0123456789abcdef',
            spanId: '0123456789abcdef',
            traceFlags: TraceFlags.SAMPLED,
          },
          attributes: { why: 'retry' },
        },
      ],
    })
    root.addEvent('cart locked', { items: 3 })
    root.setStatus({ code: SpanStatusCode.ERROR, message: 'card declined' })
    root.end()
    await provider.forceFlush()
    await provider.shutdown()

    const trace = await lens.get<TraceResponse>(`/api/lens/traces/${root.spanContext().traceId}`)
    assert.equal(trace.spans.length, 1)
    const [stored] = trace.spans
    assert.ok(stored !== undefined)
    assert.equal(stored.spanId, root.spanContext().spanId)
    assert.equal(stored.parentSpanId, '')
    assert.equal(stored.name, 'POST /checkout')
    assert.equal(stored.kind, 'server')
    assert.equal(stored.status, 'error')
    assert.equal(stored.statusMessage, 'card declined')
    assert.equal(stored.tenant, 'acme')
    assert.equal(stored.user, 'bob')
    assert.deepEqual(
      Object.fromEntries(stored.attributes.map(({ key, type, value }) => [key, [type, value]])),
      {
        tenant_id: ['string', 'acme'],
        'user.id': ['string', 'bob'],
        'http.response.status_code': ['int', 500],
        ratio: ['double', 0.25],
        retried: ['bool', false],
        tags: ['array', ['a', 'b']],
      },
    )
    assert.equal(stored.events[0]?.name, 'cart locked')
    assert.deepEqual(stored.events[0]?.attributes, [{ key: 'items', type: 'int', value: 3 }])
    assert.equal(stored.links[0]?.traceId, '0123456789abcdef0123456789abcdef')
    assert.deepEqual(stored.links[0]?.attributes, [{ key: 'why', type: 'string', value: 'retry' }])
    assert.equal(trace.resources[stored.resource]?.service, 'shop')
    assert.equal(trace.scopes[stored.scope]?.name, 'checkout-lib')
    assert.equal(trace.scopes[stored.scope]?.version, '4.5.6')
  })
}
