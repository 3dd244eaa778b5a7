/** Jaeger's remote sampler against an HTTP server that answers with strategies as Jaeger documents them. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { diag } from '@opentelemetry/api'
import { samplerOfStrategy } from '../../src/sample/jaeger-strategy.ts'
import { until } from '../support/pipeline.ts'
import { run } from '../support/run.ts'
import { type Sampled, sampled } from '../support/sampled.ts'

type Answering = (request: IncomingMessage, response: ServerResponse) => void

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
  diag.disable()
})

/** A collector whose answer can be changed. */
async function collector(answering: Answering) {
  const paths: string[] = []
  const state = { answering, paths, endpoint: '' }
  const server: Server = createServer((request, response) => {
    paths.push(request.url!)
    state.answering(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stops.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return state
}

const json =
  (strategy: unknown): Answering =>
  (_request, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(strategy))
const probabilistic = (samplingRate: number) => ({
  strategyType: 'PROBABILISTIC',
  probabilisticSampling: { samplingRate },
})

function remote(
  endpoint: string,
  fields: { parentBased?: boolean; initialSamplingRate?: number } = {},
): Sampled {
  const { initialSamplingRate = 0, parentBased = true } = fields
  const run = sampled({
    serviceName: 'a shop & more',
    parentBased,
    jaegerRemote: { endpoint, pollingIntervalMs: 100, initialSamplingRate },
  })
  stops.push(() => run.sampling.close())
  return run
}

/** How many of so many traces are sampled. */
const share = ({ tracer }: Sampled, name = 'operation', count = 200): number =>
  Array.from({ length: count }, () => tracer.startSpan(name, { root: true })).filter((span) =>
    span.isRecording(),
  ).length

suite('polling', { timeout: 60_000 }, () => {
  test('samples by the initial rate until an answer comes, then by the answer', async () => {
    let release = () => {}
    const jaeger = await collector((request, response) => {
      release = () => json(probabilistic(0))(request, response)
    })
    const run = remote(jaeger.endpoint, { initialSamplingRate: 1 })
    assert.equal(share(run), 200)
    await until(() => jaeger.paths.length > 0)
    assert.equal(share(run), 200)
    release()
    await until(() => share(run) === 0)
  })

  test('asks for the service, and again after each interval', async () => {
    const jaeger = await collector(json(probabilistic(1)))
    const run = remote(jaeger.endpoint)
    await until(() => jaeger.paths.length >= 3)
    assert.deepEqual(new Set(jaeger.paths), new Set(['/sampling?service=a+shop+%26+more']))
    jaeger.answering = json(probabilistic(0))
    await until(() => share(run) === 0)
    jaeger.answering = json(probabilistic(1))
    await until(() => share(run) === 200)
  })

  test('takes an endpoint with the path of the collector', async () => {
    const jaeger = await collector(json(probabilistic(1)))
    remote(`${jaeger.endpoint}/api/sampling`)
    remote(`${jaeger.endpoint}/base/`)
    await until(() => jaeger.paths.length >= 2)
    const paths = new Set(jaeger.paths.map((path) => path.split('?')[0]))
    assert.deepEqual(paths, new Set(['/api/sampling', '/base/sampling']))
  })

  const failures: [name: string, answering: Answering][] = [
    ['answers with an error', (_request, response) => response.writeHead(500).end('{}')],
    ['redirects', (_request, response) => response.writeHead(302, { location: '/' }).end()],
    ['answers with no JSON', (_request, response) => response.end('<html>')],
    ['answers with no strategy', json({ strategyType: 'PROBABILISTIC' })],
    ['answers with a probability of 2', json(probabilistic(2))],
    ['answers with null', json(null)],
    ['hangs up', (request) => request.socket.destroy()],
    [
      'hangs up in the middle',
      (request, response) => {
        response.writeHead(200, { 'content-length': 1000 }).write('{"prob', () => request.socket.destroy())
      },
    ],
    [
      'answers without end',
      (_request, response) => {
        const pour = () => {
          while (response.write('x'.repeat(65_536)));
          response.once('drain', pour)
        }
        pour()
      },
    ],
  ]
  for (const [what, answering] of failures) {
    test(`a collector that ${what} leaves the last strategy in force, until it has a better one`, async () => {
      const jaeger = await collector(json(probabilistic(1)))
      const run = remote(jaeger.endpoint)
      await until(() => share(run) === 200)
      jaeger.answering = answering
      const before = jaeger.paths.length
      await until(() => jaeger.paths.length >= before + 3)
      assert.equal(share(run), 200)
      jaeger.answering = json(probabilistic(0))
      await until(() => share(run) === 0)
    })
  }

  test('a collector that is away leaves the initial rate in force', async () => {
    const jaeger = await collector(json(probabilistic(0)))
    for (const stop of stops.splice(0)) stop()
    const run = remote(jaeger.endpoint, { initialSamplingRate: 1 })
    await new Promise((resolve) => setTimeout(resolve, 250))
    assert.equal(share(run), 200)
  })

  test('ends with tracing', async () => {
    const jaeger = await collector(json(probabilistic(1)))
    const run = remote(jaeger.endpoint)
    await until(() => jaeger.paths.length >= 1)
    await run.finish()
    const asked = jaeger.paths.length
    await new Promise((resolve) => setTimeout(resolve, 300))
    assert.ok(jaeger.paths.length <= asked + 1, 'one may have been on its way')
  })

  test('is not traced and keeps no process alive, even while a collector does not answer', async () => {
    const jaeger = await collector(() => {})
    const { code, stdout } = await run(
      [fileURLToPath(new URL('../fixtures/jaeger-remote.ts', import.meta.url))],
      {
        env: {
          OTEL_TRACES_SAMPLER: 'jaeger_remote',
          OTEL_TRACES_SAMPLER_ARG: `endpoint=${jaeger.endpoint},pollingIntervalMs=100,initialSamplingRate=1`,
          OTEL_TRACES_EXPORTER: 'none',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        },
      },
    )
    assert.equal(code, 0)
    assert.deepEqual(JSON.parse(stdout), { created: 0, asked: true })
  })
})

suite('a strategy', () => {
  const strategic = (strategy: unknown): Sampled => sampled({}, undefined, samplerOfStrategy(strategy))

  test('by probability says the probability', async () => {
    const run = strategic(probabilistic(0.5))
    for (let i = 0; i < 100; i++) run.tracer.startSpan('s', { root: true }).end()
    const { spans } = await run.finish()
    assert.ok(spans.length > 10 && spans.length < 90, `${spans.length}`)
    assert.ok(spans.every(({ traceState }) => traceState === 'ot=th:8'))
  })

  test('by rate lets so many through at once and no more, with no probability', async () => {
    const run = strategic({ strategyType: 'RATE_LIMITING', rateLimitingSampling: { maxTracesPerSecond: 5 } })
    const began = performance.now()
    for (let i = 0; i < 1000; i++) run.tracer.startSpan('s', { root: true }).end()
    const seconds = (performance.now() - began) / 1000
    const { spans } = await run.finish()
    assert.ok(
      spans.length >= 5 && spans.length <= 5 + Math.ceil(seconds * 5),
      `${spans.length} in ${seconds} s`,
    )
    assert.ok(spans.every(({ traceState }) => traceState === ''))
    assert.equal(share(strategic({ rateLimitingSampling: { maxTracesPerSecond: 0 } })), 0)
  })

  const perOperation = {
    strategyType: 'PROBABILISTIC',
    probabilisticSampling: { samplingRate: 0.3 },
    operationSampling: {
      defaultSamplingProbability: 0,
      perOperationStrategies: [
        { operation: '/product', probabilisticSampling: { samplingRate: 1 } },
        { operation: '/metrics', probabilisticSampling: {} },
      ],
    },
  }

  test('by operation goes by the name of the span, and by its default for all others', () => {
    const run = strategic(perOperation)
    assert.equal(share(run, '/product'), 200)
    assert.equal(share(run, '/metrics'), 0)
    assert.equal(share(run, '/other'), 0)
  })

  test('by operation guarantees each of them a few a second', () => {
    const { operationSampling } = perOperation
    const run = strategic({
      operationSampling: { ...operationSampling, defaultLowerBoundTracesPerSecond: 2 },
    })
    for (const name of ['/metrics', '/other', '/another']) {
      const count = share(run, name)
      assert.ok(count >= 2 && count < 100, `${name}: ${count}`)
    }
    assert.equal(share(run, '/product'), 200)
  })

  test('that cannot be read says what is wrong', () => {
    const bad: [strategy: unknown, message: RegExp][] = [
      [5, /the answer is no object/],
      [{}, /no strategy/],
      [{ probabilisticSampling: 1 }, /probabilisticSampling is no object/],
      [{ probabilisticSampling: { samplingRate: '1' } }, /samplingRate is "1"/],
      [{ rateLimitingSampling: { maxTracesPerSecond: -1 } }, /maxTracesPerSecond is -1/],
      [{ operationSampling: { perOperationStrategies: {} } }, /perOperationStrategies is no list/],
      [{ operationSampling: { perOperationStrategies: [{ probabilisticSampling: {} }] } }, /has no name/],
    ]
    for (const [strategy, message] of bad) assert.throws(() => samplerOfStrategy(strategy), message)
  })
})
