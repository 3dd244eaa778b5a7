/** Logs over OTLP: what the official exporters send is found by its trace, its words and its time, once, with everything that it said. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { ROOT_CONTEXT, SeverityNumber, trace } from '@opentelemetry/api'
import { OTLPLogExporter as GrpcExporter } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as JsonExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as ProtobufExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import fc from 'fast-check'
import type { LogsResponse, Problem, TraceLogsResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
})
after(() => lens[Symbol.asyncDispose]())

const id = (bytes: number) => randomBytes(bytes).toString('hex')
const now = BigInt(Date.now()) * 1_000_000n

async function send(
  records: readonly object[],
  service = 'shop',
  resource: readonly object[] = [],
): Promise<Response> {
  const attributes = [{ key: 'service.name', value: { stringValue: service } }, ...resource]
  const scopeLogs = [{ scope: { name: 'app', version: '1' }, logRecords: records }]
  const body = JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs }] })
  const response = await fetch(`${lens.urls.otlpHttp}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  assert.equal(response.status, 200, await response.clone().text())
  return response
}

const search = (parameters: Readonly<Record<string, string>>) =>
  lens.get<LogsResponse>('/api/lens/logs', parameters)

const exporters: Readonly<Record<string, () => LogRecordExporter>> = {
  gRPC: () => new GrpcExporter({ url: lens.urls.otlpGrpc }),
  'gRPC with gzip': () => new GrpcExporter({ url: lens.urls.otlpGrpc, compression: 'gzip' as never }),
  'HTTP with protobuf': () => new ProtobufExporter({ url: `${lens.urls.otlpHttp}/v1/logs` }),
  'HTTP with JSON': () => new JsonExporter({ url: `${lens.urls.otlpHttp}/v1/logs` }),
}

for (const [name, exporter] of Object.entries(exporters)) {
  test(`stores what the official exporter sends over ${name}`, async () => {
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'shop', 'service.version': '1.2.3' }),
      processors: [new BatchLogRecordProcessor({ exporter: exporter() })],
    })
    const within = { traceId: id(16), spanId: id(8), traceFlags: 1 }
    provider.getLogger('checkout-lib', '4.5.6').emit({
      timestamp: Date.now(),
      severityNumber: SeverityNumber.ERROR,
      severityText: 'ERR',
      body: { message: 'card declined', attempts: 3, codes: ['a', 1.5, true] },
      attributes: { tenant_id: 'acme', 'user.id': 'bob', retried: false },
      eventName: 'payment.failed',
      context: trace.setSpanContext(ROOT_CONTEXT, within),
    })
    await provider.forceFlush()
    await provider.shutdown()

    const found = await lens.get<TraceLogsResponse>(`/api/lens/traces/${within.traceId}/logs`)
    assert.deepEqual([found.total, found.totalIsExact, found.logs.length], [1, true, 1])
    const [log] = found.logs
    assert.ok(log)
    const { id: _, timeUnixNano, observedUnixNano, attributes, ...rest } = log
    assert.ok(
      BigInt(timeUnixNano) >= now - 60_000_000_000n && BigInt(observedUnixNano) >= now - 60_000_000_000n,
    )
    assert.deepEqual(rest, {
      timeSource: 'sent',
      severity: 'error',
      severityNumber: 17,
      severityText: 'ERR',
      body: { message: 'card declined', attempts: 3, codes: ['a', 1.5, true] },
      bodyType: 'kvlist',
      eventName: 'payment.failed',
      traceId: within.traceId,
      spanId: within.spanId,
      flags: 1,
      tenant: 'acme',
      user: 'bob',
      service: 'shop',
      resource: 0,
      scope: 0,
      droppedAttributes: 0,
    })
    assert.deepEqual(Object.fromEntries(attributes.map(({ key, value }) => [key, value])), {
      tenant_id: 'acme',
      'user.id': 'bob',
      retried: false,
    })
    assert.deepEqual([found.resources[0]?.service, found.scopes[0]?.name], ['shop', 'checkout-lib'])
  })
}

test('tells an exporter of metrics by name that they are not taken', async () => {
  const response = await fetch(`${lens.urls.otlpHttp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  assert.equal(response.status, 404)
  assert.match(
    await response.text(),
    /metrics are not taken; Lens takes traces at \/v1\/traces, logs at \/v1\/logs/,
  )

  // What its own exporter would be told: the logs' exporter, aimed at the service of metrics.
  const told = await answerOfGrpc('/opentelemetry.proto.collector.metrics.v1.MetricsService/Export')
  assert.match(told, /^12 .*metrics are not taken; Lens takes traces and logs/)
})

async function answerOfGrpc(path: string): Promise<string> {
  const { Client, credentials } = await import('@grpc/grpc-js')
  const client = new Client(lens.urls.otlpGrpc.replace('http://', ''), credentials.createInsecure())
  const same = (bytes: Buffer) => bytes
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error) =>
        resolve(`${error?.code} ${error?.details}`),
      )
    })
  } finally {
    client.close()
  }
}

test('stores a batch once that is sent twice, and a line twice that was said twice', async () => {
  const traceId = id(16)
  const record = (body: string) => ({
    traceId,
    timeUnixNano: String(now),
    severityNumber: 9,
    body: { stringValue: body },
  })
  const batch = [record('retrying'), record('retrying'), record('done')]
  for (let round = 0; round < 3; round++) await send(batch)
  const { logs, total } = await lens.get<TraceLogsResponse>(`/api/lens/traces/${traceId}/logs`)
  assert.deepEqual(logs.map(({ body }) => body).sort(), ['done', 'retrying', 'retrying'])
  assert.equal(total, 3)
  const page = await search({ traceId, limit: '2' })
  assert.equal(page.logs.length, 2)
  const rest = await search({ traceId, limit: '2', cursor: page.next ?? '' })
  assert.deepEqual([rest.logs.length, rest.next, rest.total], [1, null, 3])
})

test('keeps a record without a time by when it was observed, or arrived', async () => {
  const traceId = id(16)
  await send([
    { traceId, observedTimeUnixNano: String(now), body: { stringValue: 'observed' } },
    { traceId, body: { stringValue: 'neither' } },
  ])
  const { logs } = await lens.get<TraceLogsResponse>(`/api/lens/traces/${traceId}/logs`)
  const byBody = Object.fromEntries(logs.map((log) => [String(log.body), log]))
  assert.deepEqual(
    [byBody.observed?.timeSource, byBody.observed?.timeUnixNano, byBody.observed?.observedUnixNano],
    ['observed', String(now), String(now)],
  )
  assert.deepEqual([byBody.neither?.timeSource, byBody.neither?.observedUnixNano], ['received', '0'])
  assert.ok(BigInt(byBody.neither?.timeUnixNano ?? 0) > now - 60_000_000_000n)
})

test('keeps a record with a bad id as one without, and says so', async () => {
  const body = { stringValue: id(8) }
  const response = await send([
    { traceId: 'abcd', spanId: '12', timeUnixNano: String(now), body },
    { traceId: '0'.repeat(32), timeUnixNano: String(now), body },
  ])
  assert.deepEqual(await response.json(), {
    partialSuccess: { errorMessage: '2 trace or span ids of a wrong length were left out' },
  })
  const { logs } = await search({ text: body.stringValue })
  assert.deepEqual(
    logs.map(({ traceId, spanId }) => [traceId, spanId]),
    [
      ['', ''],
      ['', ''],
    ],
  )
})

test('finds records by tenant, service, user, event, severity, words and time', async () => {
  const tenant = `tenant-${id(4)}`
  const record = (minutes: number, severityNumber: number, body: string, extra: object = {}) => ({
    timeUnixNano: String(now - BigInt(minutes) * 60_000_000_000n),
    severityNumber,
    body: { stringValue: body },
    ...extra,
  })
  const ofTenant = [{ key: 'tenant_id', value: { stringValue: tenant } }]
  await send(
    [
      record(1, 9, 'Order 4711 placed by jürgen@example.com'),
      record(2, 13, 'Payment DECLINED for order 4711'),
      record(3, 17, 'timeout calling payments', { eventName: 'rpc.failed' }),
    ],
    'shop',
    ofTenant,
  )
  await send([record(90, 21, 'out of memory')], 'worker', ofTenant)
  const bodies = async (parameters: Readonly<Record<string, string>>) => {
    const { logs, total, next } = await search({ tenant, lookback: '2h', ...parameters })
    assert.equal(logs.length, total)
    assert.equal(next, null)
    return logs.map(({ body }) => String(body).slice(0, 7))
  }
  assert.deepEqual(await bodies({}), ['Order 4', 'Payment', 'timeout', 'out of '])
  assert.deepEqual(await bodies({ lookback: '1h' }), ['Order 4', 'Payment', 'timeout'])
  assert.deepEqual(await bodies({ service: 'worker' }), ['out of '])
  assert.deepEqual(await bodies({ severity: 'warn' }), ['Payment', 'timeout', 'out of '])
  assert.deepEqual(await bodies({ severity: '17' }), ['timeout', 'out of '])
  assert.deepEqual(await bodies({ eventName: 'rpc.failed' }), ['timeout'])
  assert.deepEqual(await bodies({ text: 'order 4711' }), ['Order 4', 'Payment'])
  assert.deepEqual(await bodies({ text: 'declined' }), ['Payment'])
  // A whole word, unless it is said to be a part; and as written between its separators.
  assert.deepEqual(await bodies({ text: 'declin' }), [])
  assert.deepEqual(await bodies({ text: 'declin*' }), ['Payment'])
  assert.deepEqual(await bodies({ text: 'payment' }), ['Payment'])
  assert.deepEqual(await bodies({ text: 'JÜRGEN@example.com' }), [])
  assert.deepEqual(await bodies({ text: 'jürgen@EXAMPLE.com' }), ['Order 4'])
  assert.deepEqual(await bodies({ text: 'example@com' }), [])
  assert.deepEqual(await bodies({ text: "it's; DROP TABLE logs --" }), [])
  assert.deepEqual(await bodies({ text: '%' }), [])
})

test('pages through records newest first, each once, whatever shares a time', async () => {
  const service = `service-${id(4)}`
  const records = Array.from({ length: 57 }, (_, index) => ({
    timeUnixNano: String(now - BigInt(index % 5)),
    body: { intValue: String(index) },
  }))
  for (let round = 0; round < 2; round++) await send(records, service)
  const seen: unknown[] = []
  const times: bigint[] = []
  let cursor = ''
  for (let page = 0; page < 20; page++) {
    const { logs, next, total } = await search({ service, limit: '10', ...(cursor ? { cursor } : {}) })
    assert.equal(total, 57)
    seen.push(...logs.map(({ body }) => body))
    times.push(...logs.map(({ timeUnixNano }) => BigInt(timeUnixNano)))
    if (next === null) break
    cursor = next
  }
  assert.deepEqual(
    seen.map(Number).sort((a, b) => a - b),
    records.map((_, index) => index),
  )
  assert.ok(times.every((time, index) => index === 0 || time <= times[index - 1]!))
})

test('says which parameter is wrong', async () => {
  for (const [name, value] of [
    ['severity', 'loud'],
    ['severity', '25'],
    ['traceId', 'xyz'],
    ['spanId', '12'],
    ['cursor', '1'],
    ['cursor', '99999999999999999999-1'],
    ['limit', '0'],
    ['limit', '1001'],
    ['text', 'x'.repeat(1025)],
    ['minDuration', '1s'],
    ['status', 'error'],
    ['lookback', 'soon'],
    ['nonsense', '1'],
  ] as const) {
    const problem = await lens.get<Problem>('/api/lens/logs', { [name]: value }, 400)
    assert.equal(problem.parameter, name)
  }
  await lens.get('/api/lens/traces/xyz/logs', {}, 400)
  await lens.get(`/api/lens/traces/${id(16)}/logs`, { limit: '10001' }, 400)
  const none = await lens.get<TraceLogsResponse>(`/api/lens/traces/${id(16)}/logs`)
  assert.deepEqual([none.total, none.logs], [0, []])
})

test('takes any JSON of logs or refuses it, and goes on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (record, body) => {
      const response = await fetch(`${lens.urls.otlpHttp}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record, { body }] }] }] }),
      })
      assert.ok([200, 400].includes(response.status), String(response.status))
    }),
    { numRuns: 60 },
  )
  const traceId = id(16)
  await send([{ traceId, body: { stringValue: 'still there' } }])
  assert.equal((await lens.get<TraceLogsResponse>(`/api/lens/traces/${traceId}/logs`)).total, 1)
})
