/** Jaeger's v3 API, and what its UI sends, against answers that Jaeger's own tests expect. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeTraceRequestJson, encodeTraceRequestJson } from '@rustok/otlp'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, event, hex, resourceSpans, span, spanId, traceId } from '../support/spans.ts'

const base = 1_790_000_000_000_000_000n
const trace = traceId()
const root = span({ traceId: trace, name: 'GET /', startTimeUnixNano: base, durationMs: 50 })
const failed = span({
  traceId: trace,
  parentSpanId: root.spanId,
  name: 'SELECT',
  kind: 3,
  startTimeUnixNano: base + 1_000_001n,
  durationMs: 20,
  status: { code: 2, message: 'gone' },
  attributes: attributes({ 'db.system.name': 'postgresql', rows: 2n ** 60n, share: 0.5 }),
  events: [event({ timeUnixNano: base + 2n, attributes: attributes({ 'exception.type': 'E' }) })],
})
const orphan = span({
  traceId: trace,
  parentSpanId: spanId(),
  name: 'lost',
  kind: 0,
  startTimeUnixNano: base + 2_000_000n,
  durationMs: 100,
})
const later = span({ name: 'GET /later', startTimeUnixNano: base + 60_000_000_000n, durationMs: 1 })

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  const request = {
    resourceSpans: [
      resourceSpans('web', [root, later], { resource: { 'service.version': '2' } }),
      resourceSpans('db', [failed, orphan], { scope: { name: 'pg', version: '8' } }),
    ],
  }
  await lens.send(request)
  // Sent again, as after a lost answer: it is there once.
  await lens.send(request)
})
after(() => lens[Symbol.asyncDispose]())

const around = {
  'query.startTimeMin': new Date(Number(base / 1_000_000n) - 1000).toISOString(),
  'query.startTimeMax': new Date(Number(base / 1_000_000n) + 120_000).toISOString(),
}

interface Summaries {
  readonly summaries: readonly { readonly traceId: string; readonly rootOperationName?: string }[]
}

async function found(parameters: Readonly<Record<string, string>>): Promise<string[]> {
  const { summaries } = await lens.get<Summaries>('/api/v3/trace-summaries', { ...around, ...parameters })
  return summaries.map(({ rootOperationName }) => rootOperationName ?? '')
}

test('lists services and operations, an unspecified kind as internal', async () => {
  assert.deepEqual(await lens.get('/api/v3/services'), { services: ['db', 'web'] })
  assert.deepEqual(await lens.get('/api/v3/operations', { service: 'db' }), {
    operations: [
      { name: 'SELECT', spanKind: 'client' },
      { name: 'lost', spanKind: 'internal' },
    ],
  })
  for (const name of ['spanKind', 'span_kind']) {
    const answer = await lens.get('/api/v3/operations', { service: 'db', [name]: 'client' })
    assert.deepEqual(answer, { operations: [{ name: 'SELECT', spanKind: 'client' }] })
  }
  assert.deepEqual(await lens.get('/api/v3/operations', { service: 'nobody' }), { operations: [] })
})

test('answers with a trace as the OTLP that was sent', async () => {
  const response = await fetch(`${lens.urls.ui}/api/v3/traces/${hex(trace)}`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  const text = await response.text()
  const { result } = JSON.parse(text) as { result: object }
  assert.deepEqual(Object.keys(result), ['resourceSpans'])
  const answered = decodeTraceRequestJson(text.slice('{"result":'.length, -1))
  const expected = {
    resourceSpans: [
      resourceSpans('web', [root], { resource: { 'service.version': '2' } }),
      resourceSpans('db', [failed, orphan], { scope: { name: 'pg', version: '8' } }),
    ],
  }
  assert.equal(encodeTraceRequestJson(answered), encodeTraceRequestJson(expected))
})

test('takes trace ids in hex of any length and in base64, as Jaeger does', async () => {
  const bytes = Buffer.from(trace)
  for (const id of [hex(trace).toUpperCase(), bytes.toString('base64'), bytes.toString('base64url')]) {
    for (const path of ['/api/v3/traces/', '/api/traces/']) {
      const response = await fetch(`${lens.urls.ui}${path}${encodeURIComponent(id)}`)
      assert.equal(response.status, 200, id)
    }
  }
  assert.equal((await fetch(`${lens.urls.ui}/api/v3/traces/1`)).status, 404)
})

test('looks for a trace within the time that the client knows', async () => {
  const path = `/api/v3/traces/${hex(trace)}`
  const at = (offset: number) => new Date(Number(base / 1_000_000n) + offset).toISOString()
  await lens.get(path, { startTime: at(-1000), endTime: at(1000), rawTraces: 'true' })
  await lens.get(path, { start_time: at(-1000), end_time: at(1000), raw_traces: '1' })
  await lens.get(path, { startTime: at(3000) }, 404)
  await lens.get(path, { end_time: at(-3000) }, 404)
  const micros = (offset: number) => String(base / 1000n + BigInt(offset) * 1000n)
  await lens.get(`/api/traces/${hex(trace)}`, { start: micros(-1), end: micros(10) })
  await lens.get(`/api/traces/${hex(trace)}`, { start: micros(10_000) }, 404)
})

test('summarises traces as Jaeger does: orphans counted, services by name, zeros left out', async () => {
  const { summaries } = await lens.get<Summaries>('/api/v3/trace-summaries', around)
  assert.deepEqual(summaries, [
    {
      traceId: hex(later.traceId),
      rootServiceName: 'web',
      rootOperationName: 'GET /later',
      minStartTimeUnixNano: String(later.startTimeUnixNano),
      maxEndTimeUnixNano: String(later.endTimeUnixNano),
      spanCount: 1,
      services: [{ name: 'web', spanCount: 1 }],
    },
    {
      traceId: hex(trace),
      rootServiceName: 'web',
      rootOperationName: 'GET /',
      minStartTimeUnixNano: String(base),
      maxEndTimeUnixNano: String(orphan.endTimeUnixNano),
      spanCount: 3,
      errorSpanCount: 1,
      orphanSpanCount: 1,
      services: [
        { name: 'db', spanCount: 2, errorSpanCount: 1 },
        { name: 'web', spanCount: 1 },
      ],
    },
  ])
})

test('finds by each parameter, in camelCase and in snake_case', async () => {
  const [one, both] = [['GET /'], ['GET /later', 'GET /']]
  assert.deepEqual(await found({}), both)
  for (const [camel, snake, value, expected] of [
    ['query.serviceName', 'query.service_name', 'db', one],
    ['query.operationName', 'query.operation_name', 'SELECT', one],
    ['query.durationMin', 'query.duration_min', '15ms', one],
    ['query.durationMax', 'query.duration_max', '1.5ms', ['GET /later']],
    ['query.searchDepth', 'query.search_depth', '1', ['GET /later']],
    ['query.searchDepth', 'query.num_traces', '1', ['GET /later']],
    ['query.rawTraces', 'query.raw_traces', 'true', both],
  ] as const) {
    assert.deepEqual(await found({ [camel]: value }), expected, camel)
    assert.deepEqual(await found({ [snake]: value }), expected, snake)
  }
  assert.deepEqual(await found({ 'query.attributes': '{"db.system.name":"postgresql"}' }), one)
  assert.deepEqual(await found({ 'query.attributes': '{"rows":"1152921504606846976","share":"0.5"}' }), one)
  assert.deepEqual(await found({ 'query.attributes': '{"error":"true"}' }), one)
  assert.deepEqual(await found({ 'query.attributes': '{"db.system.name":"mysql"}' }), [])
})

test('reads times to the nanosecond and with offsets', async () => {
  const second = new Date(Number(later.startTimeUnixNano / 1_000_000n)).toISOString().slice(0, 19)
  const names = ['query.start_time_min', 'query.start_time_max'] as const
  const between = async (min: string, max: string) => {
    const { summaries } = await lens.get<Summaries>('/api/v3/trace-summaries', {
      [names[0]]: min,
      [names[1]]: max,
    })
    return summaries.length
  }
  assert.equal(await between(`${second}Z`, `${second}.000000001Z`), 1)
  assert.equal(await between(`${second}.000000001Z`, `${second}.000000002Z`), 0)
  const shifted = new Date(Number(later.startTimeUnixNano / 1_000_000n) + 5_400_000)
    .toISOString()
    .slice(0, 19)
  assert.equal(await between(`${shifted}+01:30`, `${shifted}.5+01:30`), 1)
})

test('answers a search with whole traces, and an empty one with 404', async () => {
  const { result } = await lens.get<{ result: { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] } }>(
    '/api/v3/traces',
    { ...around, 'query.serviceName': 'db' },
  )
  const spans = result.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
  assert.equal(spans.length, 3)
  const none = await lens.get('/api/v3/traces', { ...around, 'query.serviceName': 'nobody' }, 404)
  assert.deepEqual(none, { error: { httpCode: 404, message: 'No traces found' } })
  const missing = await lens.get(`/api/v3/traces/${'f'.repeat(32)}`, {}, 404)
  assert.deepEqual(missing, { error: { httpCode: 404, message: 'No traces found' } })
  const empty = await lens.get('/api/v3/trace-summaries', { ...around, 'query.serviceName': 'nobody' })
  assert.deepEqual(empty, { summaries: [] })
})

test('says which parameter is wrong, by the name under which it was sent', async () => {
  const complaint = async (parameters: Readonly<Record<string, string>>, path = '/api/v3/traces') => {
    const { error } = await lens.get<{ error: { httpCode: number; message: string } }>(path, parameters, 400)
    assert.equal(error.httpCode, 400)
    return error.message
  }
  const required = 'query.startTimeMin and query.startTimeMax are required'
  assert.equal(await complaint({}), required)
  assert.equal(await complaint({ 'query.startTimeMin': around['query.startTimeMin'] }), required)
  const [min, max] = [around['query.startTimeMin'], around['query.startTimeMax']]
  assert.equal(
    await complaint({ 'query.startTimeMin': max, 'query.startTimeMax': min }),
    'query.startTimeMin must be before query.startTimeMax',
  )
  for (const [name, value] of [
    ['query.startTimeMin', 'yesterday'],
    ['query.startTimeMax', '2026-02-30T00:00:00Z'],
    ['query.searchDepth', 'many'],
    ['query.num_traces', '1.5'],
    ['query.durationMin', '5'],
    ['query.duration_max', 'x'],
    ['query.rawTraces', 'perhaps'],
    ['query.attributes', '{"a":1}'],
    ['query.attributes', '[]'],
  ] as const) {
    const parameters = { ...around, [name]: value }
    assert.match(await complaint(parameters), new RegExp(`^malformed parameter ${name}: `))
  }
  assert.match(await complaint({ ...around, 'query.filter': '{}' }), /filter is not supported/)
  for (const name of ['spanKind', 'span_kind']) {
    const message = await complaint({ service: 'shop', [name]: 'odd' }, '/api/v3/operations')
    assert.equal(message, `malformed parameter ${name}: unsupported span kind: 'odd'`)
  }
  assert.match(await complaint({}, '/api/v3/traces/xyz'), /^malformed parameter trace_id: /)
  assert.match(
    await complaint({ endTime: 'now' }, `/api/v3/traces/${hex(trace)}`),
    /^malformed parameter endTime: /,
  )
})

test('turns OTLP into Jaeger’s JSON without storing it', async () => {
  const sent = span({
    name: 'okey-dokey-0',
    parentSpanId: spanId(),
    startTimeUnixNano: 1706678909209712000n,
    endTimeUnixNano: 1706678909209835000n,
    attributes: attributes({ 'net.peer.ip': '1.2.3.4', 'a.first': 2n ** 60n }),
  })
  const request = { resourceSpans: [resourceSpans('telemetrygen', [sent, sent], { scope: { name: 'gen' } })] }
  const post = (body: string) => fetch(`${lens.urls.ui}/api/transform`, { method: 'POST', body })
  const response = await post(encodeTraceRequestJson(request))
  assert.equal(response.status, 200)
  const expectedSpan = {
    traceID: hex(sent.traceId),
    spanID: hex(sent.spanId),
    operationName: 'okey-dokey-0',
    references: [{ refType: 'CHILD_OF', traceID: hex(sent.traceId), spanID: hex(sent.parentSpanId) }],
    startTime: 1706678909209712,
    duration: 123,
    tags: [
      { key: 'otel.scope.name', type: 'string', value: 'gen' },
      { key: 'net.peer.ip', type: 'string', value: '1.2.3.4' },
      { key: 'a.first', type: 'int64', value: '1152921504606846976' },
      { key: 'span.kind', type: 'string', value: 'server' },
    ],
    logs: [],
    processID: 'p1',
    warnings: null,
  }
  assert.deepEqual(await response.json(), {
    data: [
      {
        traceID: hex(sent.traceId),
        spans: [expectedSpan, expectedSpan],
        processes: { p1: { serviceName: 'telemetrygen', tags: [] } },
        warnings: null,
      },
    ],
    total: 1,
    limit: 0,
    offset: 0,
    errors: null,
  })
  assert.equal((await fetch(`${lens.urls.ui}/api/traces/${hex(sent.traceId)}`)).status, 404)
  for (const body of ['', '{', '[]', '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abc"}]}]}]}']) {
    const refused = await post(body)
    assert.equal(refused.status, 400, body)
    const { errors } = (await refused.json()) as { errors: { code: number; msg: string }[] }
    assert.match(errors[0]?.msg ?? '', /^cannot unmarshal OTLP/)
  }
})
