/** Starting and stopping: misuse has codes, nothing stays half-started, and tracing can start again after its end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, suite, test } from 'node:test'
import {
  context,
  type DiagLogger,
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api'
import { CompositePropagator } from '@opentelemetry/core'
import { TracerProvider as OfficialProvider } from '@opentelemetry/sdk-trace'
import { OtelConfig, type OtelConfigFields } from '../src/config.ts'
import { StorageContextManager } from '../src/context/context-manager.ts'
import { OtelError, type OtelErrorCode, otelErrors } from '../src/errors.ts'
import { initTracing, shutdown } from '../src/tracing.ts'
import { startCollector } from './support/collector.ts'
import { only } from './support/only.ts'

const quiet = (fields: Partial<OtelConfigFields> = {}) => new OtelConfig({ logLevel: 'none', ...fields })
const code = (expected: OtelErrorCode) => (error: unknown) =>
  error instanceof OtelError && error.code === expected && error.message.startsWith(otelErrors[expected])

/** What the API has registered, as an application sees it. */
function registered(): { recording: boolean; propagating: boolean; context: boolean } {
  const span = trace.getTracer('probe').startSpan('probe')
  const key = Symbol('probe')
  return {
    recording: span.isRecording(),
    propagating: propagation.fields().length > 0,
    context: context.with(ROOT_CONTEXT.setValue(key, 1), () => context.active().getValue(key) === 1),
  }
}
const nothing = { recording: false, propagating: false, context: false }
const everything = { recording: true, propagating: true, context: true }

afterEach(async () => {
  await shutdown()
  trace.disable()
  propagation.disable()
  context.disable()
  diag.disable()
})

const listenersOfProcess = () =>
  ['SIGTERM', 'SIGINT', 'beforeExit', 'exit', 'uncaughtException', 'uncaughtExceptionMonitor'].map((name) =>
    process.listenerCount(name),
  )

suite('initTracing', () => {
  test('registers provider, propagators and context manager; shutdown takes them back', async () => {
    assert.deepEqual(registered(), nothing)
    const tracing = await initTracing(quiet())
    assert.deepEqual(registered(), everything)
    await tracing.shutdown()
    assert.deepEqual(registered(), nothing)
  })

  test('a second time is ALREADY_INITIALIZED and leaves the first as it is', async () => {
    await initTracing(quiet())
    await assert.rejects(initTracing(quiet()), code('ALREADY_INITIALIZED'))
    assert.deepEqual(registered(), everything)
  })

  test('two at once: one starts, the other is ALREADY_INITIALIZED', async () => {
    const outcomes = await Promise.allSettled([initTracing(quiet()), initTracing(quiet())])
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  })

  test('works again after shutdown, with spans going to the new collector', async () => {
    const [first, second] = await Promise.all([startCollector(), startCollector()])
    for (const collector of [first, second]) {
      await initTracing(quiet({ endpoint: collector.endpoint }))
      trace.getTracer('again').startSpan(`to ${collector.port}`).end()
      await shutdown()
    }
    assert.equal(first.spans().length, 1)
    only(second.spans(), `to ${second.port}`)
    first.stop()
    second.stop()
  })

  for (const [what, register, left] of [
    ['a tracer provider', () => trace.setGlobalTracerProvider(new OfficialProvider()), { recording: true }],
    [
      'a context manager',
      () => context.setGlobalContextManager(new StorageContextManager()),
      { context: true },
    ],
    [
      'a propagator',
      () => propagation.setGlobalPropagator(new CompositePropagator({ propagators: [] })),
      { propagating: false },
    ],
  ] as const) {
    test(`beside ${what} of another SDK is GLOBAL_PROVIDER_TAKEN, and nothing of ours stays behind`, async () => {
      register()
      await assert.rejects(initTracing(quiet()), code('GLOBAL_PROVIDER_TAKEN'))
      assert.deepEqual(registered(), { ...nothing, ...left })
      trace.disable()
      propagation.disable()
      context.disable()
      await initTracing(quiet())
      assert.deepEqual(registered(), everything)
    })
  }

  const invalid: [keyof OtelConfigFields | 'eventCount', Partial<OtelConfigFields>][] = [
    ['samplingRate', { samplingRate: 1.5 }],
    ['samplingRate', { samplingRate: Number.NaN }],
    ['endpoint', { endpoint: 'collector:4317' }],
    ['endpoint', { endpoint: '' }],
    ['headers', { headers: { 'a b': 'x' } }],
    ['headers', { headers: { a: 'line\nbreak' } }],
    ['headers', { headers: { host: 'x' }, protocol: 'http/json' }],
    ['protocol', { protocol: 'http' as 'grpc' }],
    ['compression', { compression: 'zstd' as 'gzip' }],
    ['exporters', { exporters: ['zipkin' as 'otlp'] }],
    ['clientKey', { clientKey: '/key.pem' }],
    ['maxExportBatchSize', { maxExportBatchSize: 0 }],
    ['maxExportBatchSize', { maxExportBatchSize: 3000 }],
    ['scheduleDelay', { scheduleDelay: -1 }],
    ['exportTimeout', { exportTimeout: Number.NaN }],
    ['shutdownTimeout', { shutdownTimeout: Infinity }],
    ['maxBufferBytes', { maxBufferBytes: Number.NaN }],
    ['eventCount', { spanLimits: { ...quiet().spanLimits, eventCount: -1 } }],
  ]
  for (const [field, fields] of invalid) {
    test(`${JSON.stringify(fields)} is INVALID_CONFIG and starts nothing`, async () => {
      const named = new RegExp(field === 'headers' ? 'header' : field)
      await assert.rejects(initTracing(quiet(fields)), (error: Error) => {
        assert.match(error.message, named)
        return code('INVALID_CONFIG')(error)
      })
      assert.deepEqual(registered(), nothing)
    })
  }

  test('says once what is wrong with the environment, through the diag logger of the application', async () => {
    const said: string[] = []
    const say = (message: string) => void said.push(message)
    const logger: DiagLogger = { error: say, warn: say, info: say, debug: say, verbose: say }
    diag.setLogger(logger)
    await initTracing(OtelConfig.fromEnv({ OTEL_SAMPLING_RATE: 'lots' }))
    const about = said.filter((message) => message.includes('OTEL_SAMPLING_RATE'))
    assert.equal(about.length, 1)
    assert.match(about[0]!, /'lots'/)
  })

  test('the resource tells the service, the process and what was configured, which wins over what was detected', async () => {
    const collector = await startCollector()
    await initTracing(
      quiet({
        endpoint: collector.endpoint,
        serviceName: 'shop',
        serviceVersion: '1.2.3',
        resourceAttributes: { team: 'a', 'host.name': 'chosen', 'service.name': 'loses' },
      }),
    )
    trace.getTracer('r').startSpan('s').end()
    await shutdown()
    collector.stop()
    const { resource } = collector.accepted[0]!
    assert.equal(resource['service.name'], 'shop')
    assert.equal(resource['service.version'], '1.2.3')
    assert.equal(resource.team, 'a')
    assert.equal(resource['host.name'], 'chosen')
    assert.equal(resource['process.pid'], BigInt(process.pid))
    assert.equal(resource['process.runtime.version'], process.versions.node)
    assert.equal(resource['telemetry.sdk.language'], 'nodejs')
    assert.match(String(resource['service.instance.id']), /^[0-9a-f-]{36}$/)
  })

  test('headers of the configuration go with every request', async () => {
    const collector = await startCollector()
    await initTracing(quiet({ endpoint: collector.endpoint, headers: { 'X-Api-Key': 'secret' } }))
    trace.getTracer('r').startSpan('s').end()
    await shutdown()
    collector.stop()
    assert.deepEqual(collector.metadata?.get('x-api-key'), ['secret'])
  })
})

suite('shutdown', () => {
  test('may be called by anybody, as often as they like', async () => {
    await shutdown()
    const tracing = await initTracing(quiet())
    await Promise.all([tracing.shutdown(), shutdown(), tracing.shutdown()])
    await shutdown()
    await tracing.shutdown()
  })

  test('of an earlier tracing, on or off, does not touch a later one', async () => {
    for (const enabled of [true, false]) {
      const earlier = await initTracing(quiet({ enabled }))
      await earlier.shutdown()
      await initTracing(quiet())
      await earlier.shutdown()
      assert.deepEqual(registered(), everything)
      await shutdown()
    }
  })

  test('spans that end afterwards are counted as dropped, and the ledger balances', async () => {
    const tracing = await initTracing(quiet())
    const span = trace.getTracer('late').startSpan('s')
    await tracing.shutdown()
    span.end()
    const { created, dropped, queued } = tracing.ledger()
    assert.deepEqual([created, dropped.shutdown, queued], [1, 1, 0])
  })

  test('leaves no listener on the process', async () => {
    const before = listenersOfProcess()
    for (let i = 0; i < 12; i++) {
      await initTracing(quiet())
      await shutdown()
    }
    assert.deepEqual(listenersOfProcess(), before)
  })

  test('handleSignals: false adds no listener for signals, handleExit: false none for the other ways out', async () => {
    const before = listenersOfProcess()
    await initTracing(quiet(), { handleSignals: false })
    assert.deepEqual(listenersOfProcess().slice(0, 2), before.slice(0, 2))
    await shutdown()
    await initTracing(quiet(), { handleSignals: false, handleExit: false })
    assert.deepEqual(listenersOfProcess(), before)
  })
})

suite('OTEL_ENABLED=false', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const off = () => OtelConfig.fromEnv({ OTEL_ENABLED: 'false' })

  test('records nothing, sends nothing, and says so in its ledger', async () => {
    const collector = await startCollector()
    const tracing = await initTracing(quiet({ enabled: false, endpoint: collector.endpoint }))
    const span = trace.getTracer('off').startSpan('s')
    assert.equal(span.isRecording(), false)
    span.end()
    await tracing.forceFlush()
    await tracing.shutdown()
    assert.equal(collector.attempts, 0)
    assert.equal(tracing.ledger().created, 0)
    collector.stop()
  })

  test('passes the context of a carrier on as it came', async () => {
    await initTracing(off())
    const extracted = propagation.extract(
      ROOT_CONTEXT,
      { traceparent, tracestate: 'a=1', baggage: 'k=v' },
      defaultTextMapGetter,
    )
    const carrier = {}
    context.with(extracted, () => {
      trace.getTracer('off').startActiveSpan('s', (span) => {
        propagation.inject(context.active(), carrier, defaultTextMapSetter)
        span.end()
      })
    })
    assert.deepEqual(carrier, { traceparent, tracestate: 'a=1', baggage: 'k=v' })
  })

  test('a request that passes through a server keeps its trace, as it came', async () => {
    await initTracing(off())
    const seen: Record<string, unknown>[] = []
    const callee = createServer((request, response) => {
      const { traceparent, tracestate, baggage } = request.headers
      seen.push({ traceparent, tracestate, baggage })
      response.end()
    }).listen(0, '127.0.0.1')
    const port = (server: typeof callee) => (server.address() as AddressInfo).port
    const service = createServer(async (_, response) => {
      await (await fetch(`http://127.0.0.1:${port(callee)}`)).text()
      response.end()
    }).listen(0, '127.0.0.1')
    await Promise.all([once(callee, 'listening'), once(service, 'listening')])
    const url = `http://127.0.0.1:${port(service)}`
    const headers = { traceparent, tracestate: 'a=1', baggage: 'k=v' }
    await (await fetch(url, { headers })).text()
    await (await fetch(url)).text()
    assert.deepEqual(seen, [headers, { traceparent: undefined, tracestate: undefined, baggage: undefined }])
    for (const server of [service, callee]) {
      server.closeAllConnections()
      server.close()
    }
  })

  test('a second time is ALREADY_INITIALIZED, and shutdown takes it back', async () => {
    await initTracing(off())
    await assert.rejects(initTracing(off()), code('ALREADY_INITIALIZED'))
    assert.deepEqual(registered(), { recording: false, propagating: true, context: true })
    await shutdown()
    assert.deepEqual(registered(), nothing)
  })
})

suite('errors', () => {
  test('carry a name, a code, a message, a detail and a cause', () => {
    const cause = new Error('below')
    const error = new OtelError('INVALID_CONFIG', 'this field', { cause })
    assert.equal(error.name, 'OtelError')
    assert.equal(error.message, `${otelErrors.INVALID_CONFIG}: this field`)
    assert.equal(error.cause, cause)
    assert.ok(error instanceof Error)
  })
})
