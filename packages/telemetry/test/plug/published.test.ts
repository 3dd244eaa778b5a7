/** What is published for the official SDK, unchanged, on our tracer: processors, exporters, an id generator, resource detectors. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { BaggageSpanProcessor } from '@opentelemetry/baggage-span-processor'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { hostDetector, osDetector, processDetector } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  InMemorySpanExporter,
  type SpanProcessor as OfficialProcessor,
  RandomIdGenerator,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace'
import { decodeTraceRequestJson } from '@rustok/otlp'
import { startCollector } from '../support/collector.ts'
import { startHttpCollector } from '../support/http-collector.ts'
import { traced } from '../support/traced.ts'

const tracer = () => trace.getTracer('published')
const emit = (count: number) => {
  for (let i = 0; i < count; i++) tracer().startSpan(`s${i}`, { attributes: { i } }).end()
}
const names = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`)

suite('processors', () => {
  const ways: readonly [string, (exporter: InMemorySpanExporter) => OfficialProcessor][] = [
    ['SimpleSpanProcessor', (exporter) => new SimpleSpanProcessor({ exporter })],
    ['BatchSpanProcessor', (exporter) => new BatchSpanProcessor({ exporter, maxExportBatchSize: 10 })],
  ]
  for (const [name, processor] of ways) {
    test(`${name} exports every span, and so does the pipeline`, async () => {
      const exporter = new InMemorySpanExporter()
      let seen: readonly string[] = []
      const { spans } = await traced(
        async (tracing) => {
          emit(25)
          await tracing.forceFlush()
          seen = exporter.getFinishedSpans().map((span) => span.name)
        },
        { spanProcessors: [processor(exporter)] },
      )
      assert.deepEqual(seen, names(25))
      assert.deepEqual(
        spans.map((span) => span.name),
        names(25),
      )
    })
  }

  test('BaggageSpanProcessor copies baggage to the spans below it', async () => {
    const { named } = await traced(
      () => {
        const baggage = propagation.createBaggage({ plan: { value: 'gold' }, other: { value: 'x' } })
        const under = propagation.setBaggage(ROOT_CONTEXT, baggage)
        context.with(under, () => tracer().startActiveSpan('active', (span) => span.end()))
        tracer().startSpan('given', {}, under).end()
        tracer().startSpan('outside').end()
      },
      { spanProcessors: [new BaggageSpanProcessor((key) => key === 'plan') as never] },
    )
    assert.deepEqual(named('active').attributes, { plan: 'gold' })
    assert.deepEqual(named('given').attributes, { plan: 'gold' })
    assert.deepEqual(named('outside').attributes, {})
  })
})

suite('exporters', () => {
  test('InMemorySpanExporter gets every sampled span', async () => {
    const exporter = new InMemorySpanExporter()
    await traced(
      async (tracing) => {
        emit(600)
        await tracing.forceFlush()
        assert.deepEqual(
          exporter.getFinishedSpans().map((span) => span.name),
          names(600),
        )
      },
      { spanExporters: [exporter] },
    )
  })

  test('ConsoleSpanExporter prints it', async (t) => {
    const dir = t.mock.method(console, 'dir', () => {})
    await traced(() => emit(1), { spanExporters: [new ConsoleSpanExporter()] })
    const [printed] = dir.mock.calls[0]!.arguments as [Record<string, unknown>]
    assert.equal(printed.name, 's0')
    assert.deepEqual(printed.attributes, { i: 0 })
  })

  test('the OTLP exporters deliver what our own pipeline delivers', async () => {
    const grpc = await startCollector()
    const protobuf = await startHttpCollector()
    const json = await startHttpCollector()
    try {
      const exporters = [
        new GrpcExporter({ url: grpc.endpoint }),
        new ProtobufExporter({ url: `${protobuf.endpoint}/v1/traces` }),
        new JsonExporter({ url: `${json.endpoint}/v1/traces` }),
      ]
      const { spans } = await traced(
        () => {
          emit(3)
          const span = tracer().startSpan('failed', {
            links: [{ context: tracer().startSpan('x').spanContext() }],
          })
          span.addEvent('e', { a: ['b'] })
          span.setStatus({ code: 2, message: 'm' })
          span.end()
        },
        { spanExporters: exporters },
      )
      assert.deepEqual(grpc.spans(), spans)
      assert.deepEqual(protobuf.spans(), spans)
      const request = decodeTraceRequestJson(json.requests[0]!.body)
      const read = request.resourceSpans[0]!.scopeSpans[0]!.spans
      assert.deepEqual(
        read.map(({ name, spanId }) => [name, Buffer.from(spanId).toString('hex')]),
        spans.map(({ name, spanId }) => [name, spanId]),
      )
    } finally {
      grpc.stop()
      protobuf.stop()
      json.stop()
    }
  })
})

test('an id generator makes the ids, which are not said to be random', async () => {
  const made: string[] = []
  class Noting extends RandomIdGenerator {}
  const generator = new Noting()
  const { generateTraceId, generateSpanId } = generator
  generator.generateTraceId = () => note(generateTraceId())
  generator.generateSpanId = () => note(generateSpanId())
  const note = (id: string) => {
    made.push(id)
    return id
  }
  const { named } = await traced(
    () =>
      tracer().startActiveSpan('root', (root) => {
        tracer().startSpan('child').end()
        root.end()
      }),
    { idGenerator: generator },
  )
  const { traceId, spanId, flags } = named('root')
  assert.deepEqual(made, [traceId, spanId, named('child').spanId])
  assert.equal(flags, 0x101)
})

test('resource detectors say who the process is, beside what is known and what is configured', async () => {
  const { requests } = await traced(() => emit(1), {
    resourceDetectors: [hostDetector, osDetector, processDetector],
    config: { resourceAttributes: { 'os.type': 'configured' } },
  })
  const { resource } = requests[0]!
  assert.equal(resource['os.type'], 'configured')
  assert.equal(typeof resource['os.version'], 'string')
  assert.equal(resource['process.pid'], BigInt(process.pid))
  assert.equal(typeof resource['host.id'], 'string')
  assert.equal(resource['service.name'], 'rustok-server')
})
