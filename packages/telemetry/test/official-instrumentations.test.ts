/**
 * The official instrumentation packages on our tracer: the spans are those that they make on the official SDK, from the same work with the same
 * servers, each in a process of its own.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { startCollector } from './support/collector.ts'
import { startRedis } from './support/database-servers.ts'
import { decodeRequest, type ReceivedSpan } from './support/decode.ts'
import { startPglite } from './support/pglite-server.ts'
import { run } from './support/run.ts'
import { get, listen, ok } from './support/serving.ts'
import { traced } from './support/traced.ts'

const program = join(import.meta.dirname, 'fixtures', 'official', 'run.ts')
const ports = new Map<string, number>()
const stops: (() => unknown)[] = []
before(async () => {
  const [redis, postgres] = await Promise.all([startRedis(), startPglite()])
  stops.push(redis.stop, postgres.stop)
  ports.set('ioredis', redis.port).set('pg', postgres.port)
})
after(() => Promise.all(stops.map((stop) => stop())))

/** Without redaction, which the SDK has not. */
async function onOurs(library: string, disabled: string): Promise<readonly ReceivedSpan[]> {
  const collector = await startCollector()
  try {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_LOG_LEVEL: 'none',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: disabled,
      RUSTOK_REDACTION: 'false',
    }
    const { code, stderr } = await run([program, 'ours', library, String(ports.get(library) ?? 0)], { env })
    assert.equal(code, 0, stderr)
    return collector.spans()
  } finally {
    collector.stop()
  }
}

async function onSdk(library: string): Promise<readonly ReceivedSpan[]> {
  const { code, stdout, stderr } = await run([program, 'sdk', library, String(ports.get(library) ?? 0)])
  assert.equal(code, 0, stderr)
  return decodeRequest(Buffer.from(stdout, 'base64')).spans
}

/** What does not depend on ids, times and the ports that the machine happened to give. */
function comparable(spans: readonly ReceivedSpan[]) {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]))
  const text = (value: unknown) =>
    JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner)).replace(
      /\b[1-9]\d{4}\b/g,
      'PORT',
    )
  return spans
    .map(({ name, kind, parentSpanId, attributes, status, events, scope }) => ({
      name,
      kind,
      parent: names.get(parentSpanId),
      status,
      scope: scope.name,
      events: events.map((event) => event.name),
      attributes: text(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
    }))
    .sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

suite('the spans are the same as on the official SDK', () => {
  for (const [library, count, disabled] of [
    ['http', 6, ''],
    ['undici', 4, ''],
    ['express', 8, ''],
    ['pg', 9, ''],
    ['ioredis', 7, ''],
    // Its endpoint is a server of the same process.
    ['aws-sdk', 3, 'http'],
  ] as const) {
    test(`of ${library}`, async () => {
      // One after the other: they share the server and what they leave in it.
      const ours = await onOurs(library, disabled)
      const sdk = await onSdk(library)
      assert.ok(sdk.length >= count, `${sdk.length} spans on the SDK`)
      assert.deepEqual(comparable(ours), comparable(sdk))
      assert.equal(new Set(ours.map(({ traceId }) => traceId)).size, 1)
    })
  }
})

suite('initTracing with instrumentations', () => {
  test('has ours step back for the same library, and leaves the rest', async () => {
    const { spans } = await traced(async () => get(await listen(ok)), {
      instrumentations: [new HttpInstrumentation({ enabled: false })],
    })
    // The server module was loaded before it could be patched, so of http nothing is traced; fetch is ours.
    assert.deepEqual(
      spans.map(({ scope }) => scope.name),
      ['@rustok/telemetry/undici'],
    )
  })

  test('switches them on, hands them our provider, and switches them off with the shutdown', async () => {
    const calls: string[] = []
    const instrumentation = {
      instrumentationName: 'mine',
      getConfig: () => ({ enabled: false }),
      enable: () => void calls.push('enable'),
      disable: () => void calls.push('disable'),
      setTracerProvider: (provider: {
        getTracer(name: string): { startSpan(name: string): { end(): void } }
      }) => {
        calls.push('provider')
        provider.getTracer('mine').startSpan('from mine').end()
      },
    }
    const { spans } = await traced(() => calls.push('work'), { instrumentations: [instrumentation] })
    assert.deepEqual(calls, ['provider', 'enable', 'work', 'disable'])
    assert.deepEqual(
      spans.map(({ name, scope }) => [name, scope.name]),
      [['from mine', 'mine']],
    )
  })

  test('survives one that fails', async () => {
    const failing = {
      instrumentationName: 'broken',
      getConfig: () => ({}),
      enable: () => {
        throw new Error('no')
      },
      disable: () => {
        throw new Error('no')
      },
      setTracerProvider: () => {},
    }
    const { spans } = await traced(async () => get(await listen(ok)), { instrumentations: [failing] })
    assert.equal(spans.length, 2)
  })
})
