import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { countSpans } from '../sink/count-spans.ts'

/** As the official SDK encodes them: spans of several scopes, with and without contents. */
function requestOf(scopes: readonly number[]): Uint8Array {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'count', 'a.list': ['x', 'y'] }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  for (const [i, count] of scopes.entries()) {
    const tracer = provider.getTracer(`scope-${i}`, '1.0', { schemaUrl: 'https://example.com/schema' })
    for (let n = 0; n < count; n++) {
      const span = tracer.startSpan(`span ${n}`, { attributes: { text: 'x'.repeat(n * 50), n } })
      if (n % 3 === 0) span.addEvent('an event', { with: 'attributes' })
      span.end()
    }
  }
  return ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans())!
}

test('counts the spans of every scope, whatever they hold', () => {
  assert.equal(countSpans(requestOf([1])), 1)
  assert.equal(countSpans(requestOf([7, 1, 40])), 48)
  assert.equal(countSpans(new Uint8Array(0)), 0)
})

test('counts the resources of a request together, since messages may be joined', () => {
  const [a, b] = [requestOf([3]), requestOf([4])]
  assert.equal(countSpans(Buffer.concat([a, b])), 7)
})

test('refuses a request that is cut off anywhere, instead of counting a part', () => {
  const request = requestOf([2, 2])
  for (let length = 1; length < request.length; length++) {
    assert.throws(() => countSpans(request.subarray(0, length)), `${length} of ${request.length} bytes`)
  }
})
