/** The routes that count, complete and sum up, as their clients call them: what they answer, and what they refuse, whatever the key. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type {
  AttributeKeysResponse,
  AttributeValuesResponse,
  FacetsResponse,
  HeatmapResponse,
  LatencyResponse,
  Problem,
  TraceAnatomyResponse,
} from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { ago, attributes, hex, resourceSpans, span, spanId, traceId } from '../support/spans.ts'

const id = traceId()
const hostile = `k'"\\=:s=} {from:UInt64} %`

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  const root = spanId()
  const start = ago(60_000)
  const failed = { code: 2, message: 'no rows' }
  const values = attributes({ 'http.route': '/a', [hostile]: 'v' })
  await lens.send({
    resourceSpans: [
      resourceSpans('shop', [
        span({ traceId: id, spanId: root, startTimeUnixNano: start, durationMs: 100, attributes: values }),
      ]),
      resourceSpans('db', [
        span({
          traceId: id,
          parentSpanId: root,
          startTimeUnixNano: start,
          durationMs: 40,
          name: 'SELECT',
          status: failed,
        }),
      ]),
    ],
  })
})
after(() => lens[Symbol.asyncDispose]())

test('answers latencies and a heatmap of traces or spans', async () => {
  const traces = await lens.get<LatencyResponse>('/api/lens/latency')
  assert.deepEqual(
    [traces.of, traces.total, traces.errorTotal, traces.percentiles?.p99],
    ['traces', 1, 1, 100_000_000],
  )
  const spans = await lens.get<HeatmapResponse>('/api/lens/heatmap', { of: 'spans', query: 'status = error' })
  assert.deepEqual([spans.of, spans.total, spans.cells.length, spans.durations.length], ['spans', 1, 1, 1])
})

test('sums up a trace without its spans', async () => {
  const summary = await lens.get<TraceAnatomyResponse>(`/api/lens/traces/${hex(id)}/summary`)
  assert.deepEqual(summary.selfTimes, [
    { service: 'shop', nanos: 60_000_000 },
    { service: 'db', nanos: 40_000_000 },
  ])
  assert.equal(summary.firstFailure?.message, 'no rows')
  assert.deepEqual(
    summary.criticalPath.map(({ service, durationNano }) => [service, durationNano]),
    [
      ['db', 40_000_000],
      ['shop', 60_000_000],
    ],
  )
  assert.deepEqual([summary.spanCount, summary.spansRead, summary.criticalPathTruncated], [2, 2, false])
  const missing = await lens.get<Problem>(`/api/lens/traces/${'ab'.repeat(16)}/summary`, {}, 404)
  assert.match(missing.detail, /is not stored/)
})

test('takes any key for what it is', async () => {
  const { keys } = await lens.get<AttributeKeysResponse>('/api/lens/attribute-keys')
  const found = keys.map(({ of, key, type, count }) => `${of} ${key} ${type} ${count}`)
  assert.ok(found.includes(`span ${hostile} string 1`), found.join('; '))
  const quoted = `"${hostile.replace(/["\\]/g, '\\$&')}"`
  for (const key of [quoted, `span.${quoted}`]) {
    const { values } = await lens.get<AttributeValuesResponse>('/api/lens/attribute-values', { key })
    assert.deepEqual(values, [{ value: 'v', count: 1 }])
    const { fields } = await lens.get<FacetsResponse>('/api/lens/facets', {
      fields: `${key},tenant,http.route`,
    })
    assert.deepEqual(
      fields.map(({ field, values }) => [field, values.length]),
      [
        [key, 1],
        ['tenant', 0],
        ['http.route', 1],
      ],
    )
  }
})

test('says which parameter is wrong', async () => {
  for (const [route, parameter, value] of [
    ['latency', 'of', 'services'],
    ['heatmap', 'of', 'x'],
    ['facets', 'fields', 'duration'],
    ['facets', 'fields', 'trace.spans'],
    ['facets', 'fields', 'a.a,a.b,a.c,a.d,a.e,a.f,a.g,a.h,a.i,a.j,a.k'],
    ['attribute-values', 'key', 'sevice'],
    ['attribute-values', 'key', 'duration'],
    ['search', 'order', 'oldest'],
  ] as const) {
    const problem = await lens.get<Problem>(`/api/lens/${route}`, { [parameter]: value }, 400)
    assert.equal(problem.parameter, parameter, `${route}?${parameter}=${value}`)
  }
  assert.equal((await lens.get<Problem>('/api/lens/attribute-values', {}, 400)).parameter, 'key')
})
