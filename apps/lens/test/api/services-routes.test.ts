/** Services and their map, of Lens's own API and of Jaeger's, over spans that arrive in the wrong order and twice. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DependenciesResponse, Problem, ServicesResponse } from '../../src/api/contract.ts'
import type { MetricFamily } from '../../src/api/jaeger/metric-family.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, request, span, traceId } from '../support/spans.ts'

const minute = 60_000
const end = Math.floor(Date.now() / minute) * minute
/** Before `end`. */
const beforeEnd = (ms: number) => BigInt(end - ms) * 1_000_000n
const acme = attributes({ tenant_id: 'acme' })

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  const web = Array.from({ length: 6 }, (_, index) =>
    span({
      traceId: traceId(),
      name: index < 4 ? 'GET /' : 'POST /',
      startTimeUnixNano: beforeEnd((index + 1) * minute),
      durationMs: 100 * (index + 1),
      status: { code: index === 5 ? 2 : 0, message: '' },
      attributes: index === 0 ? acme : [],
    }),
  )
  const calls = web.map((parent, index) =>
    span({
      traceId: parent.traceId,
      parentSpanId: parent.spanId,
      name: 'SELECT',
      kind: 1,
      startTimeUnixNano: parent.startTimeUnixNano,
      status: { code: index < 2 ? 2 : 0, message: '' },
      attributes: index === 0 ? acme : [],
    }),
  )
  // Children first, and all of it again.
  for (const spans of [
    request('db', calls),
    request('web', web),
    request('db', calls),
    request('web', web),
  ]) {
    await lens.send(spans)
  }
})
after(() => lens[Symbol.asyncDispose]())

const period = { start: String(end - 60 * minute), end: String(end - 1) }

test('lists services by their calls, with a series', async () => {
  const { services, total, bucketMs, ...rest } = await lens.get<ServicesResponse>(
    '/api/lens/services',
    period,
  )
  assert.deepEqual(rest, { startMs: end - 60 * minute, endMs: end - 1 })
  assert.equal(total, 1)
  assert.equal(bucketMs, 30_000)
  const [web] = services
  assert.ok(web !== undefined)
  assert.equal(web.series.length, 120)
  assert.equal(
    web.series.reduce((sum, { calls }) => sum + calls, 0),
    6,
  )
  const first = web.series[120 - 12]
  assert.deepEqual([first?.calls, first?.failed], [1, 1])
  assert.equal(web.series[0]?.p50DurationNano, null)
  assert.deepEqual([web.service, web.operation, web.calls, web.failed], ['web', '', 6, 1])
  assert.equal(web.callsPerMinute, 0.1)
  assert.equal(web.failedShare, 1 / 6)
  near(web.p50DurationNano, 300e6)
  near(web.p99DurationNano, 600e6)
})

test('lists operations, of a tenant, as many as are asked for', async () => {
  const ask = (query: Readonly<Record<string, string>>) =>
    lens.get<ServicesResponse>('/api/lens/services', { ...period, ...query })
  const operations = await ask({ by: 'operation', service: 'web', limit: '1' })
  assert.equal(operations.total, 2)
  assert.deepEqual(
    operations.services.map(({ operation, calls }) => [operation, calls]),
    [['GET /', 4]],
  )
  assert.deepEqual(
    (await ask({ tenant: 'acme' })).services.map(({ calls }) => calls),
    [1],
  )
  assert.deepEqual((await ask({ service: 'nobody' })).services, [])
})

test('draws the map of services, with what no call was counted of as a node, too', async () => {
  const asked = Date.now()
  const map = await lens.get<DependenciesResponse>('/api/lens/dependencies', period)
  assert.equal(map.complete, true)
  assert.ok((map.countedUntilMs ?? 0) >= asked, 'what was stored when it was asked is counted')
  assert.deepEqual(map.edges, [
    { parent: 'web', child: 'db', calls: 6, callsPerMinute: 0.1, failed: 2, failedShare: 2 / 6 },
  ])
  assert.deepEqual(
    map.nodes.map(({ service, calls, failed, failedShare }) => [service, calls, failed, failedShare]),
    [
      ['db', 0, 0, null],
      ['web', 6, 1, 1 / 6],
    ],
  )
  const acmes = await lens.get<DependenciesResponse>('/api/lens/dependencies', { ...period, tenant: 'acme' })
  assert.deepEqual(
    acmes.edges.map(({ calls, failed }) => [calls, failed]),
    [[1, 1]],
  )
  const earlier = { start: String(end - 60 * minute), end: String(end - 7 * minute) }
  const none = await lens.get<DependenciesResponse>('/api/lens/dependencies', earlier)
  assert.deepEqual([none.edges, none.nodes], [[], []])
})

test('says what is wrong with a parameter', async () => {
  for (const [path, query, parameter] of [
    ['services', { by: 'host' }, 'by'],
    ['services', { operation: 'GET /' }, 'operation'],
    ['services', { limit: '0' }, 'limit'],
    ['dependencies', { service: 'web' }, 'service'],
    ['dependencies', { lookback: 'x' }, 'lookback'],
    ['dependencies', { start: '9223372036855', end: '9223372036856' }, 'start'],
  ] as const) {
    const problem = await lens.get<Problem>(`/api/lens/${path}`, query, 400)
    assert.equal(problem.parameter, parameter)
  }
})

interface Links {
  readonly data: readonly unknown[]
}

test('answers Jaeger’s dependencies by its end and lookback', async () => {
  const ask = async (query: Readonly<Record<string, string>>) =>
    (await lens.get<Links>('/api/dependencies', query)).data
  assert.deepEqual(await ask({}), [{ parent: 'web', child: 'db', callCount: 6 }])
  const window = { endTs: String(end - 2 * minute), lookback: String(2 * minute) }
  assert.deepEqual(await ask(window), [{ parent: 'web', child: 'db', callCount: 3 }])
  assert.deepEqual(await ask({ service: 'db' }), [{ parent: 'web', child: 'db', callCount: 6 }])
  assert.deepEqual(await ask({ service: 'other' }), [])
  assert.deepEqual(await ask({ endTs: '1', lookback: '9223372036854' }), [])
  for (const [name, value] of [
    ['endTs', 'now'],
    ['lookback', '24h'],
  ] as const) {
    const { errors } = await lens.get<{ errors: { msg: string }[] }>(
      '/api/dependencies',
      { [name]: value },
      400,
    )
    assert.match(errors[0]?.msg ?? '', new RegExp(`^unable to parse param '${name}': `))
  }
})

const metrics = { endTs: String(end), lookback: '600000', step: '60000', ratePer: '120000', service: 'web' }

async function family(name: string, query: Readonly<Record<string, string>> = {}): Promise<MetricFamily> {
  return lens.get<MetricFamily>(`/api/metrics/${name}`, { ...metrics, ...query })
}

function values({ metrics }: MetricFamily): (number | 'NaN')[][] {
  return metrics.map(({ metricPoints }) => metricPoints.map(({ gaugeValue }) => gaugeValue.doubleValue))
}

test('answers Jaeger’s rates of calls and errors, a point for each step, NaN where there is no call', async () => {
  const calls = await family('calls')
  assert.deepEqual(
    { ...calls, metrics: [] },
    { name: 'service_call_rate', type: 'GAUGE', help: 'calls/sec, grouped by service', metrics: [] },
  )
  assert.deepEqual(calls.metrics[0]?.labels, [{ name: 'service_name', value: 'web' }])
  // A call each minute from 6 to 1 minutes before the end; the span of a minute starts with it, and each point looks back two.
  const expected = [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]
  assert.deepEqual(values(calls), [expected.map((count) => count / 120)])
  const stamps = calls.metrics[0]?.metricPoints.map(({ timestamp }) => timestamp) ?? []
  assert.equal(stamps.length, 11)
  assert.equal(stamps[10], new Date(end).toISOString().replace('.000', ''))
  const errors = await family('errors')
  assert.equal(errors.name, 'service_error_rate')
  assert.deepEqual(values(errors), [['NaN', 'NaN', 'NaN', 'NaN', 'NaN', 1, 0.5, 0, 0, 0, 0]])
  assert.deepEqual(await family('calls', { service: 'nobody' }), { ...calls, metrics: [] })
})

test('answers Jaeger’s latencies in milliseconds, by quantile and operation', async () => {
  const latencies = await family('latencies', { quantile: '0.95' })
  assert.equal(latencies.name, 'service_latencies')
  assert.equal(latencies.help, '0.95th quantile latency, grouped by service')
  near(Number(values(latencies)[0]?.[10]), 200)
  assert.equal(values(latencies)[0]?.[0], 'NaN')
  const operations = await family('latencies', { quantile: '0.5', groupByOperation: 'true' })
  assert.equal(operations.name, 'service_operation_latencies')
  assert.deepEqual(
    operations.metrics.map(({ labels }) => labels),
    ['GET /', 'POST /'].map((value) => [
      { name: 'service_name', value: 'web' },
      { name: 'operation', value },
    ]),
  )
  const inner = await family('calls', { service: 'db', spanKind: 'internal' })
  assert.equal(inner.metrics.length, 1)
})

test('says what is wrong with a question for metrics', async () => {
  const complaint = async (name: string, query: Readonly<Record<string, string>>) => {
    const path = `/api/metrics/${name}`
    const { errors } = await lens.get<{ errors: { code: number; msg: string }[] }>(path, query, 400)
    assert.equal(errors[0]?.code, 400)
    return errors[0]?.msg ?? ''
  }
  assert.equal(
    await complaint('calls', {}),
    "unable to parse param 'service': please provide at least one service name",
  )
  assert.match(await complaint('latencies', metrics), /^unable to parse param 'quantile': /)
  for (const [name, value] of [
    ['quantile', '1.1'],
    ['groupByOperation', 'x'],
    ['spanKind', 'x'],
    ['endTs', 'x'],
    ['lookback', '-1'],
    ['step', '0'],
    ['ratePer', '0'],
  ] as const) {
    const query = { ...metrics, quantile: '0.5', [name]: value }
    assert.match(await complaint('latencies', query), new RegExp(`^unable to parse param '${name}': `))
  }
  assert.match(await complaint('calls', { service: 'web', step: '1' }), /more than 11000 points/)
})

/** Within what bins of durations allow. */
function near(actual: number | null | undefined, expected: number): void {
  assert.ok(typeof actual === 'number' && Math.abs(actual / expected - 1) < 0.012, `${actual} ${expected}`)
}
