/** Jaeger's v1 API as its clients call it. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Envelope } from '../../src/api/jaeger/envelope.ts'
import type { JaegerTrace } from '../../src/api/jaeger/json.ts'
import { RunningLens } from '../support/running-lens.ts'
import { ago, attributes, event, hex, resourceSpans, span, traceId } from '../support/spans.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  await lens.send({
    resourceSpans: [
      resourceSpans('shop', [slow, fast, failed, old], {
        resource: { 'deployment.environment.name': 'staging' },
      }),
      resourceSpans('db', [
        span({ traceId: slow.traceId, name: 'SELECT', kind: 3, startTimeUnixNano: ago(2900) }),
        span({ name: 'INSERT', kind: 3 }),
      ]),
    ],
  })
})
after(() => lens[Symbol.asyncDispose]())

const slow = span({
  name: 'GET /slow',
  durationMs: 2000,
  startTimeUnixNano: ago(3000),
  attributes: attributes({
    'http.response.status_code': 200n,
    'cart.total': 9.5,
    member: true,
    'http.route': '/slow:x',
  }),
})
const fast = span({
  name: 'GET /fast',
  startTimeUnixNano: ago(2000),
  traceId: Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, ...traceId().subarray(8)]),
  attributes: attributes({ 'http.response.status_code': 200n }),
})
const failed = span({
  name: 'GET /failed',
  kind: 5,
  startTimeUnixNano: ago(1000),
  status: { code: 2, message: '' },
  events: [event({ attributes: attributes({ 'exception.type': 'TypeError' }) })],
})
const old = span({ name: 'GET /old', startTimeUnixNano: ago(47 * 3_600_000) })

type Parameters = Readonly<Record<string, string>> | readonly (readonly [string, string])[]

async function get<Data>(
  path: string,
  parameters: Parameters = {},
): Promise<{ status: number; body: Envelope<Data> }> {
  const search = new URLSearchParams(parameters as Record<string, string>)
  const response = await fetch(`${lens.urls.ui}${path}?${search}`)
  return { status: response.status, body: (await response.json()) as Envelope<Data> }
}

async function found(parameters: Parameters): Promise<string[]> {
  const { status, body } = await get<JaegerTrace[]>('/api/traces', parameters)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.errors, null)
  assert.equal(body.total, body.data?.length)
  return (body.data ?? []).map(({ spans }) => spans[0]?.operationName ?? '')
}

test('lists services in the envelope', async () => {
  const { body } = await get('/api/services')
  assert.deepEqual(body, { data: ['db', 'shop'], total: 2, limit: 0, offset: 0, errors: null })
})

test('lists operations by both routes', async () => {
  const names = await get('/api/services/db/operations')
  assert.deepEqual(names.body, { data: ['INSERT', 'SELECT'], total: 2, limit: 0, offset: 0, errors: null })
  const { body } = await get('/api/operations', { service: 'shop', spanKind: 'consumer' })
  assert.deepEqual(body.data, [{ name: 'GET /failed', spanKind: 'consumer' }])
  const all = await get<unknown[]>('/api/operations', { service: 'shop' })
  assert.equal(all.body.total, 4)
  const none = await get('/api/operations', { service: 'nobody' })
  assert.deepEqual(none.body, { data: [], total: 0, limit: 0, offset: 0, errors: null })
})

test('asks for the service', async () => {
  for (const path of ['/api/operations', '/api/traces']) {
    const { status, body } = await get(path)
    assert.equal(status, 400)
    assert.deepEqual(body, {
      data: null,
      total: 0,
      limit: 0,
      offset: 0,
      errors: [{ code: 400, msg: "parameter 'service' is required" }],
    })
  }
})

test('finds the traces of a service over two days, newest first', async () => {
  assert.deepEqual(await found({ service: 'shop' }), ['GET /failed', 'GET /fast', 'GET /slow', 'GET /old'])
  assert.deepEqual(await found({ service: 'shop', limit: '2' }), ['GET /failed', 'GET /fast'])
  assert.deepEqual(await found({ service: 'nobody' }), [])
})

test('finds by operation, time and the duration of any one span', async () => {
  assert.deepEqual(await found({ service: 'shop', operation: 'GET /fast' }), ['GET /fast'])
  assert.deepEqual(await found({ service: 'shop', minDuration: '1.5s' }), ['GET /slow'])
  assert.deepEqual(
    await found({ service: 'shop', maxDuration: '1s', start: String(ago(3_600_000) / 1000n) }),
    ['GET /failed', 'GET /fast'],
  )
  assert.deepEqual(await found({ service: 'shop', end: String(ago(3_600_000) / 1000n) }), ['GET /old'])
})

test('finds by tags of spans, events and resources, whatever the type of their values', async () => {
  assert.deepEqual(await found({ service: 'shop', tag: 'http.response.status_code:200' }), [
    'GET /fast',
    'GET /slow',
  ])
  assert.deepEqual(await found({ service: 'shop', tags: '{"cart.total":"9.5","member":"true"}' }), [
    'GET /slow',
  ])
  assert.deepEqual(await found({ service: 'shop', tag: 'http.route:/slow:x' }), ['GET /slow'])
  assert.deepEqual(await found({ service: 'shop', tag: 'exception.type:TypeError' }), ['GET /failed'])
  assert.deepEqual(await found({ service: 'shop', tag: 'error:true' }), ['GET /failed'])
  assert.equal((await found({ service: 'shop', tag: 'deployment.environment.name:staging' })).length, 4)
  assert.deepEqual(await found({ service: 'db', tag: 'deployment.environment.name:staging' }), [])
  assert.deepEqual(await found({ service: 'shop', tag: 'deployment.environment.name:stag' }), [])
  assert.deepEqual(
    await found([
      ['service', 'shop'],
      ['tag', 'http.response.status_code:200'],
      ['tag', 'member:true'],
    ]),
    ['GET /slow'],
  )
})

test('answers with whole traces, spans of other services too', async () => {
  const { body } = await get<JaegerTrace[]>('/api/traces', { service: 'db', operation: 'SELECT' })
  assert.deepEqual(body.data?.[0]?.spans.map(({ operationName }) => operationName).toSorted(), [
    'GET /slow',
    'SELECT',
  ])
})

test('answers with traces by id, and says which are missing', async () => {
  const missing = 'f'.repeat(32)
  const { status, body } = await get<JaegerTrace[]>('/api/traces', [
    ['traceID', hex(failed.traceId)],
    ['traceID', missing],
    ['traceID', hex(slow.traceId)],
  ])
  assert.equal(status, 200)
  assert.deepEqual(
    body.data?.map(({ traceID }) => traceID),
    [hex(failed.traceId), hex(slow.traceId)],
  )
  assert.deepEqual(body.errors, [{ msg: 'trace not found', traceID: missing }])
})

test('answers with one trace by 32 or 16 digits, in either case', async () => {
  const long = hex(fast.traceId)
  for (const id of [long, long.slice(16), long.toUpperCase()]) {
    const { status, body } = await get<JaegerTrace[]>(`/api/traces/${id}`)
    assert.equal(status, 200)
    assert.equal(body.data?.[0]?.traceID, long.slice(16))
  }
})

test('tells a trace that is not stored from an id that is none', async () => {
  const missing = await get(`/api/traces/${'f'.repeat(32)}`)
  assert.deepEqual([missing.status, missing.body.errors], [404, [{ code: 404, msg: 'trace not found' }]])
  const bad = await get('/api/traces/xyz')
  assert.equal(bad.status, 400)
  assert.equal(bad.body.data, null)
})

test('says what is wrong with a parameter', async () => {
  for (const [parameters, message] of [
    [{ limit: '-1' }, /'limit'/],
    [{ start: 'now' }, /'start'/],
    [{ minDuration: '5' }, /'minDuration'/],
    [{ minDuration: '2s', maxDuration: '1s' }, /'maxDuration'/],
    [{ tag: 'novalue' }, /'tag'/],
    [{ tags: '{"a":1}' }, /'tags'/],
    [{ tags: 'a' }, /'tags'/],
    [{ raw: 'maybe' }, /'raw'/],
  ] as const) {
    const { status, body } = await get('/api/traces', { service: 'shop', ...parameters })
    assert.equal(status, 400)
    assert.match(body.errors?.[0]?.msg ?? '', message)
  }
})

test('says that points of metrics may lie a millisecond apart', async () => {
  assert.deepEqual((await get('/api/metrics/minstep')).body, {
    data: 1,
    total: 0,
    limit: 0,
    offset: 0,
    errors: null,
  })
})

test('answers an unknown API address with an error in the envelope', async () => {
  const { status, body } = await get('/api/nothing')
  assert.equal(status, 404)
  assert.equal(body.errors?.[0]?.code, 404)
})

test('shows 1,500 traces at most, and says so when it does', async () => {
  const ids = new Uint8Array(16)
  const many = Array.from({ length: 1_501 }, (_, index) => {
    new DataView(ids.buffer).setUint32(0, index + 1)
    return span({ traceId: ids.slice() })
  })
  await lens.send({ resourceSpans: [resourceSpans('many', many)] })
  for (const [limit, shown, said] of [
    ['99999999999', 1500, 1500],
    ['1', 1, 0],
  ] as const) {
    const { body } = await get('/api/traces', { service: 'many', limit })
    assert.deepEqual([body.total, body.limit, body.errors], [shown, said, null])
  }
})
