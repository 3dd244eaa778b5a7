/** A trace in columns, its spans one by one and by their words, held against the trace as it is told whole. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type {
  Problem,
  SpanMatchesResponse,
  TextColumn,
  TraceResponse,
  WaterfallResponse,
} from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { ago, attributes, event, hex, resourceSpans, span, spanId, traceId } from '../support/spans.ts'

const id = traceId()
const root = spanId()
const begin = ago(60_000)
const failed = { code: 2, message: '' }
const textAt = ({ values, index }: TextColumn, at: number) => values[index.length === 0 ? 0 : index[at]!]

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  const common = { traceId: id, parentSpanId: root }
  const called = span({
    ...common,
    name: 'POST',
    startTimeUnixNano: begin + 1n,
    durationMs: 40,
    status: failed,
    attributes: attributes({ 'url.full': 'https://pay.example/v3/charge?k=1', 'http.route': '/v3' }),
    events: [
      event({ timeUnixNano: begin + 9n, attributes: attributes({ 'exception.message': 'no\nroute = x' }) }),
    ],
  })
  await lens.send({
    resourceSpans: [
      resourceSpans('shop', [
        span({
          traceId: id,
          spanId: root,
          name: 'POST /graphql',
          startTimeUnixNano: begin,
          durationMs: 100,
          attributes: attributes({
            tenant_id: 'acme',
            user_id: 'u1',
            'graphql.operation.type': 'query',
            'graphql.operation.name': 'Cart',
          }),
        }),
        called,
        called,
        span({
          ...common,
          name: 'SELECT',
          startTimeUnixNano: begin + 2n,
          attributes: attributes({ 'db.collection.name': 'orders', 'db.system.name': 'mysql' }),
          droppedAttributesCount: 2,
          links: [
            {
              traceId: id,
              spanId: root,
              traceState: '',
              attributes: [],
              droppedAttributesCount: 0,
              flags: 0,
            },
          ],
        }),
      ]),
      resourceSpans('clockless', [
        span({ ...common, parentSpanId: spanId(), name: 'lost', startTimeUnixNano: 0n }),
      ]),
    ],
  })
})
after(() => lens[Symbol.asyncDispose]())

test('tells in columns what the whole trace tells in objects', async () => {
  const columns = await lens.get<WaterfallResponse>(`/api/lens/traces/${hex(id)}/waterfall`)
  const whole = await lens.get<TraceResponse>(`/api/lens/traces/${hex(id)}`)
  assert.equal(whole.spans.length, 4)
  const ids = whole.spans.map((view) => view.spanId)
  assert.equal(columns.spanIds, ids.join(''))
  const missing = new Map(columns.missingParents.map(({ span, parentSpanId }) => [span, parentSpanId]))
  assert.equal(missing.size, 1)
  assert.equal(columns.originUnixNano, begin.toString())
  const rows = ids.map((_, at) => ({
    parent: ids[columns.parents[at]!] ?? missing.get(at) ?? '',
    start:
      columns.starts[at]! < 0
        ? '0'
        : (BigInt(columns.originUnixNano) + BigInt(columns.starts[at]!)).toString(),
    duration: columns.durations[at],
    texts: [columns.name, columns.kind, columns.status, columns.service, columns.tenant, columns.user].map(
      (column) => textAt(column, at),
    ),
  }))
  assert.deepEqual(
    rows,
    whole.spans.map((view) => ({
      parent: view.parentSpanId,
      start: view.startUnixNano,
      duration: view.durationNano,
      texts: [
        view.name,
        view.kind,
        view.status,
        whole.resources[view.resource]!.service,
        view.tenant,
        view.user,
      ],
    })),
  )
})

test('says what was called, what failed how, and what belongs to which span', async () => {
  const columns = await lens.get<WaterfallResponse>(`/api/lens/traces/${hex(id)}/waterfall`)
  const at = (name: string) => columns.starts.findIndex((_, index) => textAt(columns.name, index) === name)
  assert.equal(textAt(columns.callee, at('POST')), 'https://pay.example/v3/charge?k=1')
  assert.equal(textAt(columns.callee, at('SELECT')), 'orders')
  assert.equal(textAt(columns.callee, at('POST /graphql')), '')
  assert.equal(textAt(columns.message, at('POST')), 'no\nroute = x')
  assert.equal(textAt(columns.operation, at('POST /graphql')), 'query Cart')
  assert.deepEqual(columns.events, [{ span: at('POST'), times: [9] }])
  assert.deepEqual(columns.links, [{ span: at('SELECT'), spanId: hex(root) }])
  assert.deepEqual(columns.dropped, [at('SELECT')])
})

test('tells one span as the whole trace tells it', async () => {
  const whole = await lens.get<TraceResponse>(`/api/lens/traces/${hex(id)}`)
  for (const view of whole.spans) {
    const alone = await lens.get<TraceResponse>(`/api/lens/traces/${hex(id)}/spans/${view.spanId}`)
    assert.deepEqual(alone.spans, [{ ...view, resource: 0, scope: 0 }])
    assert.deepEqual(alone.resources, [whole.resources[view.resource]])
  }
})

test('finds spans of a trace by words of their names, attributes and events, and by attribute', async () => {
  const columns = await lens.get<WaterfallResponse>(`/api/lens/traces/${hex(id)}/waterfall`)
  const found = async (text: string) => {
    const { spanIds, total } = await lens.get<SpanMatchesResponse>(`/api/lens/traces/${hex(id)}/matches`, {
      text,
    })
    assert.equal(total, spanIds.length)
    return spanIds.map((spanId) => textAt(columns.name, columns.spanIds.indexOf(spanId) / 16))
  }
  assert.deepEqual(await found('ORDERS'), ['SELECT'])
  assert.deepEqual(await found('post'), ['POST /graphql', 'POST'])
  assert.deepEqual(await found('post ROUTE'), ['POST'])
  assert.deepEqual(await found('http.route=/v'), ['POST'])
  assert.deepEqual(await found('route=/v'), [])
  assert.deepEqual(await found(`'"\\%{id:String}`), [])
})

test('refuses what is no id and no text, and says when nothing is stored', async () => {
  const path = `/api/lens/traces/${hex(id)}`
  for (const [address, status] of [
    ['/api/lens/traces/xyz/waterfall', 400],
    [`/api/lens/traces/${hex(traceId())}/waterfall`, 404],
    [`${path}/spans/xyz`, 400],
    [`${path}/spans/${hex(spanId())}`, 404],
    [`${path}/matches`, 400],
  ] as const) {
    assert.equal((await lens.get<Problem>(address, {}, status)).status, status)
  }
})
