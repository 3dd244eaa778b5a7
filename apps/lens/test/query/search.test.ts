/** Lens's own search over a small store whose traces are known: each field finds what it should, with exact totals. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KeyValue, TraceRequest } from '@rustok/otlp'
import type { FacetsResponse, HistogramResponse, Problem, SearchResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import {
  ago,
  attributes,
  event,
  hex,
  milliseconds,
  resourceSpans,
  span,
  spanId,
  traceId,
} from '../support/spans.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  for (const { request } of Object.values(traces)) await lens.send(request)
})
after(() => lens[Symbol.asyncDispose]())

interface Known {
  readonly id: string
  readonly request: TraceRequest
}

/** A server span in `shop` with a query of 5 ms in `db` below it. */
function trace(
  minutesAgo: number,
  values: Readonly<Record<string, KeyValue['value']>>,
  { durationMs = 100, failed = false, name = 'GET /products' } = {},
): Known {
  const id = traceId()
  const rootId = spanId()
  const start = ago(minutesAgo * 60_000)
  const root = span({
    traceId: id,
    spanId: rootId,
    name,
    startTimeUnixNano: start,
    durationMs,
    attributes: attributes(values),
  })
  const tenant = values.tenant_id
  const query = span({
    traceId: id,
    parentSpanId: rootId,
    name: 'SELECT products',
    kind: 3,
    startTimeUnixNano: start + milliseconds,
    durationMs: 5,
    attributes: attributes({
      ...(tenant === undefined ? {} : { tenant_id: tenant }),
      'db.query.text': 'SELECT * FROM products',
    }),
    events: failed
      ? [event({ name: 'exception', attributes: attributes({ 'exception.message': 'Deadlock Detected' }) })]
      : [],
    status: failed ? { code: 2, message: 'query canceled' } : { code: 0, message: '' },
  })
  return {
    id: hex(id),
    request: { resourceSpans: [resourceSpans('shop', [root]), resourceSpans('db', [query])] },
  }
}

const traces = {
  acme1: trace(40, { tenant_id: 'acme', user_id: 'ann', 'http.response.status_code': 200n }),
  acme2: trace(35, { tenant_id: 'acme', user_id: 'bob' }, { durationMs: 2000 }),
  acmeFailed: trace(
    30,
    { tenant_id: 'acme', user_id: 'ann', note: 'Grüße 100% sure_thing' },
    { failed: true },
  ),
  globex: trace(2, { tenant_id: 'globex', user_id: 'ann' }, { name: 'POST /orders' }),
  nobody: trace(1, {}, { durationMs: 50 }),
  yesterday: trace(25 * 60, { tenant_id: 'acme' }),
}
type Name = keyof typeof traces

async function search(parameters: Readonly<Record<string, string>>): Promise<SearchResponse> {
  return lens.get('/api/lens/search', parameters)
}

async function assertFinds(
  parameters: Readonly<Record<string, string>>,
  names: readonly Name[],
): Promise<void> {
  const { traces: found, total } = await search(parameters)
  assert.deepEqual(
    found.map(({ traceId }) => traceId),
    names.map((name) => traces[name].id),
  )
  assert.equal(total, names.length)
}

test('finds the traces of the last hour, newest first, when nothing is asked', () =>
  assertFinds({}, ['nobody', 'globex', 'acmeFailed', 'acme2', 'acme1']))

test('finds by tenant', () => assertFinds({ tenant: 'acme' }, ['acmeFailed', 'acme2', 'acme1']))
test('finds by user', () => assertFinds({ user: 'ann' }, ['globex', 'acmeFailed', 'acme1']))
test('finds by tenant and user', () => assertFinds({ tenant: 'acme', user: 'bob' }, ['acme2']))
test('finds by operation', () => assertFinds({ operation: 'POST /orders' }, ['globex']))
test('finds nothing for a service and an operation that never met', () =>
  assertFinds({ service: 'db', operation: 'POST /orders' }, []))
test('finds failed traces', () => assertFinds({ status: 'error' }, ['acmeFailed']))
test('finds traces in which nothing failed', () =>
  assertFinds({ status: 'ok', tenant: 'acme' }, ['acme2', 'acme1']))
test('finds a failure only where the other fields match it', async () => {
  await assertFinds({ status: 'error', service: 'db' }, ['acmeFailed'])
  await assertFinds({ status: 'error', service: 'shop' }, [])
})

test('bounds the duration of the longest matching span, inclusively', async () => {
  await assertFinds({ minDuration: '2s' }, ['acme2'])
  await assertFinds({ minDuration: '2001ms' }, [])
  await assertFinds({ maxDuration: '50ms' }, ['nobody'])
  await assertFinds({ maxDuration: '49999us' }, [])
  await assertFinds({ minDuration: '100ms', maxDuration: '1s' }, ['globex', 'acmeFailed', 'acme1'])
  await assertFinds({ maxDuration: '5ms', service: 'db', tenant: 'globex' }, ['globex'])
})

test('finds a slow trace that failed in a fast span', () =>
  assertFinds({ status: 'error', minDuration: '100ms' }, ['acmeFailed']))

test('finds words in names, attribute values, events and status messages, in any case', async () => {
  await assertFinds({ text: 'orders' }, ['globex'])
  await assertFinds({ text: 'ORDERS' }, ['globex'])
  await assertFinds({ text: 'grüsse' }, [])
  await assertFinds({ text: 'GRÜßE' }, ['acmeFailed'])
  await assertFinds({ text: 'deadlock' }, ['acmeFailed'])
  await assertFinds({ text: 'exception' }, ['acmeFailed'])
  await assertFinds({ text: 'canceled' }, ['acmeFailed'])
  await assertFinds({ text: '200' }, ['acme1'])
})

test('asks that one span has all words', async () => {
  await assertFinds({ text: 'deadlock canceled', status: 'error' }, ['acmeFailed'])
  await assertFinds({ text: 'deadlock grüße' }, [])
})

test('does not find words in attribute keys', () => assertFinds({ text: 'user_id' }, []))

test('takes the wildcards and quotes of SQL as the characters that they are', async () => {
  await assertFinds({ text: '100%' }, ['acmeFailed'])
  await assertFinds({ text: '%' }, ['acmeFailed'])
  await assertFinds({ text: 'sure_thing' }, ['acmeFailed'])
  await assertFinds({ text: 'sureXthing' }, [])
  await assertFinds({ tenant: "acme' OR '1'='1" }, [])
  await assertFinds({ tenant: '{from:UInt64}' }, [])
  await assertFinds({ service: "shop'); DROP TABLE spans; --" }, [])
})

test('reaches as far back as it is told', async () => {
  await assertFinds({ lookback: '2d', tenant: 'acme' }, ['acmeFailed', 'acme2', 'acme1', 'yesterday'])
  await assertFinds({ lookback: '20m' }, ['nobody', 'globex'])
  const now = Date.now()
  await assertFinds({ start: String(now - 26 * 3_600_000), end: String(now - 24 * 3_600_000) }, ['yesterday'])
})

test('tells how many traces match beyond those that it shows, and how many there are where none does', async () => {
  const { traces: shown, total, stored } = await search({ tenant: 'acme', limit: '2' })
  assert.deepEqual(
    shown.map(({ traceId }) => traceId),
    [traces.acmeFailed.id, traces.acme2.id],
  )
  assert.equal(total, 3)
  assert.ok(stored >= total)
  const nothing = await search({ tenant: 'nobody' })
  assert.deepEqual([nothing.total, nothing.stored, nothing.storedIsExact], [0, 5, true])
})

test('takes queries, and points at what is wrong with them', async () => {
  await assertFinds({ query: 'tenant = acme and http.response.status_code >= 200' }, ['acme1'])
  await assertFinds({ query: '{ service = shop and user = ann } and { status = error }' }, ['acmeFailed'])
  await assertFinds({ query: 'service = shop and user = ann and status = error' }, [])
  await assertFinds({ query: 'not { status = error } and trace.duration > 1s', tenant: 'acme' }, ['acme2'])
  const query = "name = x') OR 1=1 --"
  const problem = await lens.get<Problem>('/api/lens/search', { query }, 400)
  assert.equal(problem.parameter, 'query')
  assert.deepEqual(problem.position, { column: 9, length: query.length - 8 })
})

test('refuses the cursor of another search', async () => {
  const { nextCursor = '' } = await search({ service: 'shop', limit: '2' })
  for (const parameters of [
    { service: 'db', cursor: nextCursor },
    { service: 'shop', order: 'spans', cursor: nextCursor },
    { service: 'shop', cursor: `${nextCursor}A` },
    { service: 'shop', cursor: 'x' },
  ]) {
    const problem = await lens.get<Problem>('/api/lens/search', parameters, 400)
    assert.equal(problem.parameter, 'cursor')
  }
})

test('summarises the whole trace, not the part that matched', async () => {
  const { traces: found } = await search({ service: 'db', status: 'error' })
  const [summary] = found
  assert.ok(summary !== undefined)
  assert.deepEqual(
    { ...summary, startUnixNano: '' },
    {
      traceId: traces.acmeFailed.id,
      rootService: 'shop',
      rootName: 'GET /products',
      rootMissing: false,
      operation: '',
      startUnixNano: '',
      durationNano: 100_000_000,
      spanCount: 2,
      errorCount: 1,
      tenants: ['acme'],
      users: ['ann'],
      services: [
        { name: 'db', spanCount: 1, errorCount: 1 },
        { name: 'shop', spanCount: 1, errorCount: 0 },
      ],
    },
  )
})

test('counts facets in traces, each without its own field', async () => {
  const facets = await lens.get<FacetsResponse>('/api/lens/facets', { tenant: 'acme' })
  assert.deepEqual(facets.tenants, [
    { value: 'acme', count: 3 },
    { value: 'globex', count: 1 },
  ])
  assert.deepEqual(facets.services, [
    { value: 'db', count: 3 },
    { value: 'shop', count: 3 },
  ])
  assert.deepEqual(facets.operations, [
    { value: 'GET /products', count: 3 },
    { value: 'SELECT products', count: 3 },
  ])
  assert.deepEqual(facets.users, [
    { value: 'ann', count: 2 },
    { value: 'bob', count: 1 },
  ])
  assert.deepEqual(facets.statuses, [
    { value: 'ok', count: 2 },
    { value: 'error', count: 1 },
  ])
  assert.deepEqual(facets.truncated, [])
})

test('counts for each facet value what choosing it finds, whatever else is asked', async () => {
  const asked: Readonly<Record<string, string>>[] = [
    { minDuration: '60ms' },
    { status: 'error', minDuration: '1ms' },
    { status: 'ok' },
    { text: 'products', maxDuration: '1s' },
  ]
  for (const parameters of asked) {
    const facets = await lens.get<FacetsResponse>('/api/lens/facets', parameters)
    for (const [list, field] of [
      ['tenants', 'tenant'],
      ['services', 'service'],
      ['operations', 'operation'],
      ['users', 'user'],
      ['statuses', 'status'],
    ] as const) {
      for (const { value, count } of facets[list]) {
        const { total } = await search({ ...parameters, [field]: value })
        assert.equal(total, count, `${JSON.stringify(parameters)} with ${field} ${value}`)
      }
    }
  }
})

test('says which facets were cut at their hundred values', async () => {
  const many = Array.from({ length: 101 }, (_, index) =>
    span({
      startTimeUnixNano: ago(3 * 24 * 3_600_000),
      attributes: attributes({ tenant_id: `tenant ${index}` }),
    }),
  )
  await lens.send({ resourceSpans: [resourceSpans('many', many)] })
  const facets = await lens.get<FacetsResponse>('/api/lens/facets', { service: 'many', lookback: '4d' })
  assert.equal(facets.tenants.length, 100)
  assert.deepEqual(facets.truncated, ['tenants'])
})

test('spreads matching traces over round buckets, empty ones included', async () => {
  const histogram = await lens.get<HistogramResponse>('/api/lens/histogram', { tenant: 'acme' })
  assert.equal(histogram.bucketMs, 30_000)
  assert.ok(histogram.buckets.length >= 120 && histogram.buckets.length <= 121)
  for (const [index, { startMs }] of histogram.buckets.entries()) {
    assert.equal(startMs, histogram.buckets[0]!.startMs + index * 30_000)
  }
  const filled = histogram.buckets.filter(({ count }) => count > 0)
  assert.deepEqual(
    filled.map(({ count, errorCount }) => [count, errorCount]),
    [
      [1, 0],
      [1, 0],
      [1, 1],
    ],
  )
})

test('keeps counts, totals and facets when spans are sent again, alone or among others', async () => {
  const before = [await search({}), await lens.get<FacetsResponse>('/api/lens/facets')] as const
  await lens.send(traces.acmeFailed.request)
  await lens.send({
    resourceSpans: [traces.acme1, traces.globex].flatMap(({ request }) => request.resourceSpans),
  })
  const after = [await search({}), await lens.get<FacetsResponse>('/api/lens/facets')] as const
  assert.deepEqual({ ...after[0], tookMs: 0 }, { ...before[0], tookMs: 0 })
  assert.deepEqual(after[1], before[1])
})

test('shows a trace whose root is not stored, and one whose spans form a cycle', async () => {
  const orphan = span({ parentSpanId: spanId(), name: 'orphan' })
  const [first, second, id] = [spanId(), spanId(), traceId()]
  const cycle = [
    span({ traceId: id, spanId: first, parentSpanId: second, name: 'a', startTimeUnixNano: ago(50_000) }),
    span({ traceId: id, spanId: second, parentSpanId: first, name: 'b', startTimeUnixNano: ago(49_000) }),
  ]
  await lens.send({ resourceSpans: [resourceSpans('odd', [orphan, ...cycle])] })
  const { traces: found } = await search({ service: 'odd' })
  assert.deepEqual(
    found.map(({ traceId, rootName, rootMissing, spanCount }) => ({
      traceId,
      rootName,
      rootMissing,
      spanCount,
    })),
    [
      { traceId: hex(id), rootName: 'a', rootMissing: true, spanCount: 2 },
      { traceId: hex(orphan.traceId), rootName: 'orphan', rootMissing: true, spanCount: 1 },
    ],
  )
})

test('says which GraphQL operation a trace ran first', async () => {
  const id = traceId()
  const operation = (name: string, start: bigint) =>
    span({
      traceId: id,
      name,
      startTimeUnixNano: start,
      attributes: [{ key: 'graphql.operation.type', value: 'mutation' }],
    })
  const root = span({ traceId: id, name: 'POST /graphql', startTimeUnixNano: ago(50_000) })
  const spans = [operation('mutation Second', ago(40_000)), operation('mutation First', ago(45_000)), root]
  await lens.send({ resourceSpans: [resourceSpans('graphql', spans)] })
  const { traces: found } = await search({ service: 'graphql' })
  assert.deepEqual(
    found.map(({ rootName, operation: first }) => ({ rootName, first })),
    [{ rootName: 'POST /graphql', first: 'mutation First' }],
  )
})

test('keeps spans with times of zero, of the far future, and that end before they start', async () => {
  const zero = span({ startTimeUnixNano: 0n, endTimeUnixNano: 0n, name: 'zero' })
  const future = span({ startTimeUnixNano: 2n ** 64n - 2n, endTimeUnixNano: 2n ** 64n - 1n, name: 'future' })
  const backwards = span({ startTimeUnixNano: ago(1000), endTimeUnixNano: ago(2000), name: 'backwards' })
  await lens.send({ resourceSpans: [resourceSpans('clockless', [zero, future, backwards])] })
  for (const sent of [zero, future, backwards]) {
    const { spans } = await lens.get<{
      spans: { name: string; durationNano: number; startUnixNano: string }[]
    }>(`/api/lens/traces/${hex(sent.traceId)}`)
    assert.equal(spans[0]?.startUnixNano, String(sent.startTimeUnixNano))
    assert.ok((spans[0]?.durationNano ?? -1) >= 0)
  }
  const { total } = await search({ service: 'clockless', start: '0', end: '9000000000000' })
  assert.equal(total, 2)
})

test('names the parameter that is wrong', async () => {
  for (const [parameter, value] of [
    ['limit', '0'],
    ['limit', '1001'],
    ['limit', 'ten'],
    ['status', 'failed'],
    ['minDuration', '5'],
    ['maxDuration', '-5ms'],
    ['lookback', 'yesterday'],
    ['start', 'now'],
    ['end', '-1'],
    ['text', 'x'.repeat(1025)],
    ['text', 'w '.repeat(17)],
    ['tenants', 'acme'],
  ] as const) {
    for (const route of ['search', 'facets', 'histogram']) {
      const problem = await lens.get<Problem>(`/api/lens/${route}`, { [parameter]: value }, 400)
      assert.equal(problem.parameter, parameter)
      assert.equal(problem.status, 400)
    }
  }
  assert.equal(
    (await lens.get<Problem>('/api/lens/search', { start: '2000', end: '1000' }, 400)).parameter,
    'start',
  )
  const repeated = await fetch(`${lens.urls.ui}/api/lens/search?tenant=a&tenant=b`)
  assert.equal(repeated.status, 400)
  assert.match(repeated.headers.get('content-type') ?? '', /^application\/problem\+json/)
})

test('tells an unknown trace from a bad id', async () => {
  const missing = await lens.get<Problem>('/api/lens/traces/0123456789abcdef0123456789abcdef', {}, 404)
  assert.equal(missing.detail, 'trace 0123456789abcdef0123456789abcdef is not stored')
  const bad = await lens.get<Problem>('/api/lens/traces/xyz', {}, 400)
  assert.equal(bad.parameter, 'traceId')
})

test('pages through the traces in every order, each once, while others arrive', async () => {
  /** Newest first; the second and the fourth begin at the same time. */
  const known = [
    { minutesAgo: 1, durationMs: 5, failed: 0, spans: 1 },
    { minutesAgo: 3, durationMs: 9, failed: 1, spans: 2 },
    { minutesAgo: 2, durationMs: 9, failed: 0, spans: 4 },
    { minutesAgo: 3, durationMs: 7, failed: 3, spans: 3 },
    { minutesAgo: 5, durationMs: 2, failed: 1, spans: 1 },
  ].map((one, index) => ({ ...one, id: new Uint8Array(16).fill(index + 1) }))
  const now = ago(0)
  const spans = known.flatMap(({ id, minutesAgo, durationMs, failed, spans }) =>
    Array.from({ length: spans }, (_, index) =>
      span({
        traceId: id,
        startTimeUnixNano: now - BigInt(minutesAgo) * 60_000n * milliseconds,
        durationMs: index === 0 ? durationMs : 1,
        status: { code: index < failed ? 2 : 0, message: '' },
      }),
    ),
  )
  for (const [order, expected] of [
    ['newest', [1, 3, 2, 4, 5]],
    ['longest', [3, 2, 4, 1, 5]],
    ['errors', [4, 2, 5, 1, 3]],
    ['spans', [3, 4, 2, 1, 5]],
  ] as const) {
    const service = `paged by ${order}`
    const ids = spans.map((one) => ({
      ...one,
      traceId: Uint8Array.of(...one.traceId.slice(1), order.length),
    }))
    await lens.send({ resourceSpans: [resourceSpans(service, [...ids, ...ids])] })
    const found: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: SearchResponse = await search({ service, order, limit: '2', cursor })
      assert.deepEqual([page.total, page.totalIsExact, page.order], [5, true, order])
      found.push(...page.traces.map(({ traceId }) => traceId))
      cursor = page.nextCursor
      const later = span({ startTimeUnixNano: ago(0), durationMs: 60_000, status: { code: 2, message: '' } })
      await lens.send({ resourceSpans: [resourceSpans(service, [later])] })
    }
    assert.deepEqual(
      found.map((id) => Number.parseInt(id.slice(0, 2), 16)),
      expected,
      order,
    )
  }
})
