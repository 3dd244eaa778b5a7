/** The pipeline as a SpanProcessor of the official SDK: it delivers what the official exporter would, byte for byte in meaning. */
import assert from 'node:assert/strict'
import { afterEach, suite, test } from 'node:test'
import { diag, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { OtelConfig, type OtelConfigFields } from '../src/config.ts'
import { OtelError } from '../src/errors.ts'
import { initOtelLayer } from '../src/layer.ts'
import { type Collector, startCollector } from './support/collector.ts'
import { decodeRequest, type ReceivedRequest } from './support/decode.ts'
import { program, run, type Step } from './support/random-program.ts'

afterEach(() => diag.disable())

const capture = () => {
  const ended: ReadableSpan[] = []
  return {
    ended,
    onStart() {},
    onEnd: (span: ReadableSpan) => void ended.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  }
}

async function withCollector(work: (collector: Collector) => Promise<void>): Promise<void> {
  const collector = await startCollector()
  try {
    await work(collector)
  } finally {
    collector.stop()
  }
}

const layerTo = (collector: Collector, fields: Partial<OtelConfigFields> = {}) =>
  initOtelLayer(new OtelConfig({ endpoint: collector.endpoint, logLevel: 'none', ...fields }))

const resource = resourceFromAttributes(
  { 'service.name': 'theirs', list: ['a', 'b'], count: 3 },
  { schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' },
)

test('spans, scopes and resource arrive as the official serializer writes them, for random programs', () =>
  withCollector(async (collector) => {
    const property = fc.asyncProperty(program, async (steps) => {
      const layer = layerTo(collector)
      const captured = capture()
      const provider = new TracerProvider({ resource, spanProcessors: [captured, layer] })
      const before = collector.accepted.length
      run(steps, provider.getTracer('one', '1.0.0', { schemaUrl: 'https://example.com/schema' }))
      run(steps.slice(0, 5), provider.getTracer('two'))
      await provider.shutdown()
      const received = collector.accepted.slice(before)
      if (captured.ended.length === 0) return assert.equal(received.length, 0)
      const theirs = decodeRequest(ProtobufTraceSerializer.serializeRequest(captured.ended)!)
      assert.deepEqual(received.map(byScope), [byScope(theirs)])
    })
    await fc.assert(property, { numRuns: 60, examples: [[secondScopeIsLarger]] })
  }))

/** Scopes have no order within a request; the spans of each keep theirs. */
function byScope(request: ReceivedRequest): ReceivedRequest {
  return { ...request, spans: request.spans.toSorted((a, b) => compare(a.scope.name, b.scope.name)) }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** The last step is left out of the second run, whose span then has the longer name: its scope's buffer becomes the request. */
const secondScopeIsLarger: Step[] = [
  {
    do: 'start',
    start: {
      name: 'a name that is long enough to make up for the version and the URL of the other scope',
      kind: undefined,
      attributes: undefined,
      links: [],
      root: undefined,
      startTime: undefined,
      parent: 'active',
    },
  },
  { do: 'setAttributes', on: 0, attributes: {} },
  { do: 'setAttributes', on: 0, attributes: {} },
  { do: 'setAttributes', on: 0, attributes: {} },
  { do: 'setAttributes', on: 0, attributes: {} },
  { do: 'updateName', on: 0, name: '' },
]

test('every span of a burst arrives, in batches, and the ledger balances', () =>
  withCollector(async (collector) => {
    const layer = layerTo(collector)
    const provider = new TracerProvider({ spanProcessors: [layer] })
    const tracer = provider.getTracer('burst')
    for (let i = 0; i < 2000; i++) tracer.startSpan(`s${i}`).end()
    await provider.forceFlush()
    assert.deepEqual(
      collector
        .spans()
        .map(({ name }) => name)
        .sort(),
      Array.from({ length: 2000 }, (_, i) => `s${i}`).sort(),
    )
    const { created, exported, queued } = layer.ledger()
    assert.deepEqual([created, exported, queued], [2000, 2000, 0])
    await provider.shutdown()
  }))

test('spans that are not sampled are left out', () =>
  withCollector(async (collector) => {
    const layer = layerTo(collector)
    const provider = new TracerProvider({ spanProcessors: [layer] })
    const unsampled = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 0 }
    provider.getTracer('t').startSpan('no', {}, trace.setSpanContext(ROOT_CONTEXT, unsampled)).end()
    const span = provider.getTracer('t').startSpan('recorded only') as unknown as ReadableSpan
    const context = { ...span.spanContext(), traceFlags: 0 }
    layer.onEnd(Object.assign(Object.create(span), { spanContext: () => context }))
    await provider.shutdown()
    assert.equal(collector.attempts, 0)
    assert.equal(layer.ledger().created, 0)
  }))

suite('the end', () => {
  test('shutdown may come first, twice, and before any span; what ends later is not sent', () =>
    withCollector(async (collector) => {
      const layer = layerTo(collector)
      const provider = new TracerProvider({ spanProcessors: [layer] })
      await layer.shutdown()
      provider.getTracer('t').startSpan('late').end()
      await layer.forceFlush()
      await layer.shutdown()
      assert.equal(collector.attempts, 0)
    }))

  test('what ends after shutdown is counted as dropped', () =>
    withCollector(async (collector) => {
      const layer = layerTo(collector)
      const tracer = new TracerProvider({ spanProcessors: [layer] }).getTracer('t')
      tracer.startSpan('in time').end()
      await layer.shutdown()
      tracer.startSpan('late').end()
      const { created, exported, dropped, queued } = layer.ledger()
      assert.deepEqual([created, exported, dropped.shutdown, queued], [2, 1, 1, 0])
    }))
})

suite('the configuration', () => {
  test('OTEL_ENABLED=false exports nothing', () =>
    withCollector(async (collector) => {
      const layer = layerTo(collector, { enabled: false })
      const provider = new TracerProvider({ spanProcessors: [layer] })
      provider.getTracer('t').startSpan('s').end()
      await provider.shutdown()
      assert.equal(collector.attempts, 0)
    }))

  test('a config that cannot work is INVALID_CONFIG', () => {
    const bad = new OtelConfig({ endpoint: 'nowhere', logLevel: 'none' })
    assert.throws(
      () => initOtelLayer(bad),
      (error) => error instanceof OtelError && error.code === 'INVALID_CONFIG',
    )
  })

  test('warnings about the environment are said', () => {
    const said: string[] = []
    const say = (message: string) => void said.push(message)
    diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say })
    initOtelLayer(OtelConfig.fromEnv({ OTEL_BSP_SCHEDULE_DELAY: 'soon' }))
    assert.equal(said.filter((message) => message.includes('OTEL_BSP_SCHEDULE_DELAY')).length, 1)
  })
})

test('a resource that is still being detected when the first span ends is complete in the request', () =>
  withCollector(async (collector) => {
    const detected = Promise.withResolvers<string>()
    const detecting = resourceFromAttributes({ 'service.name': 'theirs', 'cloud.region': detected.promise })
    const layer = layerTo(collector)
    const provider = new TracerProvider({ resource: detecting, spanProcessors: [layer] })
    provider.getTracer('t').startSpan('early').end()
    detected.resolve('eu-west-1')
    await detected.promise
    await new Promise((resolve) => setImmediate(resolve))
    await provider.shutdown()
    assert.deepEqual(collector.accepted[0]?.resource, {
      'service.name': 'theirs',
      'cloud.region': 'eu-west-1',
    })
  }))

test('a span that cannot be read is counted, and the next one arrives', () =>
  withCollector(async (collector) => {
    const layer = layerTo(collector)
    const provider = new TracerProvider({ spanProcessors: [layer] })
    provider.getTracer('t').startSpan('fine').end()
    const span = provider.getTracer('t').startSpan('broken') as unknown as ReadableSpan
    for (const broken of [
      { startTime: [0.5, 0] },
      { events: undefined },
      { attributes: undefined, links: null },
    ]) {
      layer.onEnd(Object.assign(Object.create(span), broken))
    }
    provider.getTracer('t').startSpan('fine too').end()
    await provider.shutdown()
    const { created, exported, dropped, queued } = layer.ledger()
    assert.deepEqual([created, exported, dropped.encoding, queued], [5, 2, 3, 0])
  }))
