/** The map of what a search finds, with what sends no spans of its own, over spans that arrive twice. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { MapResponse, Problem } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { attributes, request, span, traceId } from '../support/spans.ts'

const now = BigInt(Date.now() - 60_000) * 1_000_000n
const [server, client, producer, consumer] = [2, 3, 4, 5]

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
  await Promise.all(
    [0, 1, 2, 3].map(async (index) => {
      const spans = order(index)
      for (const one of spans) await lens.send(one)
      if (index === 0) for (const one of spans) await lens.send(one)
    }),
  )
})
after(() => lens[Symbol.asyncDispose]())

/**
 * web ─▶ orders (at orders.internal) ─▶ PostgreSQL, ─▶ queue `placed` ─▶ mailer ─▶ smtp.example. The last of four fails at the mail host, and belongs to another tenant.
 */
function order(index: number) {
  const tenant = { tenant_id: index === 3 ? 'globex' : 'acme' }
  const id = traceId()
  const make = (
    kind: number,
    parent: { spanId: Uint8Array } | undefined,
    durationMs: number,
    extra: Record<string, string> = {},
    code = 0,
  ) =>
    span({
      traceId: id,
      kind,
      startTimeUnixNano: now,
      durationMs,
      attributes: attributes({ ...tenant, ...extra }),
      status: { code, message: '' },
      ...(parent === undefined ? {} : { parentSpanId: parent.spanId }),
    })
  const root = make(server, undefined, 100)
  const call = make(client, root, 80, { 'server.address': 'orders.internal' })
  const orders = make(server, call, 70 + index)
  const select = make(client, orders, 10, {
    'db.system.name': 'postgresql',
    'db.namespace': 'shop',
    'server.address': 'db.internal',
  })
  const send = make(producer, orders, 2, {
    'messaging.system': 'nats',
    'messaging.destination.name': 'placed',
  })
  const receive = make(consumer, send, 30, {
    'messaging.system': 'nats',
    'messaging.destination.name': 'placed',
  })
  const smtp = make(client, receive, 20, { 'net.peer.name': 'smtp.example' }, index === 3 ? 2 : 0)
  return [
    request('web', [root, call]),
    request('orders', [orders, select, send]),
    request('mailer', [receive, smtp]),
  ]
}

const ask = (query: Readonly<Record<string, string>> = {}) => lens.get<MapResponse>('/api/lens/map', query)
const drawn = ({ edges }: MapResponse) =>
  edges.map(({ from, to, calls, failed }) => `${from} > ${to} ${calls}/${failed}`)

test('draws services, and the databases, queues and hosts that send no spans', async () => {
  const map = await ask()
  assert.deepEqual(
    map.nodes.map(({ id }) => id),
    [
      'database:postgresql shop',
      'host:smtp.example',
      'queue:placed',
      'service:mailer',
      'service:orders',
      'service:web',
    ],
  )
  assert.deepEqual(drawn(map), [
    'queue:placed > service:mailer 4/0',
    'service:mailer > host:smtp.example 4/1',
    'service:orders > database:postgresql shop 4/0',
    'service:orders > queue:placed 4/0',
    'service:web > service:orders 4/0',
  ])
  assert.equal(map.traces, 4)
  assert.deepEqual(map.sample, { oneIn: 1 })
  const call = map.edges.find(({ to }) => to === 'service:orders')
  assert.ok(call !== undefined)
  assert.ok(call.p50DurationNano >= 71e6 && call.p50DurationNano <= 72e6)
  assert.equal(call.p95DurationNano, 73e6)
  const measured = (id: string) => {
    const node = map.nodes.find((one) => one.id === id)
    return [node?.calls, node?.failed, node?.p95DurationNano]
  }
  assert.deepEqual(measured('service:web'), [4, 0, 100e6])
  assert.deepEqual(measured('service:mailer'), [4, 0, 30e6])
  assert.deepEqual(measured('host:smtp.example'), [4, 1, 20e6])
  const database = map.nodes.find(({ kind }) => kind === 'database')
  assert.deepEqual(database?.attribute, { key: 'db.system.name', value: 'postgresql' })
})

test('draws whole traces of what a search finds, of a tenant its own', async () => {
  assert.deepEqual(drawn(await ask({ status: 'error' })).length, 5)
  assert.equal((await ask({ query: 'service = mailer and status = error' })).traces, 1)
  const acme = await ask({ tenant: 'acme' })
  assert.equal(acme.traces, 3)
  assert.ok(drawn(acme).includes('service:mailer > host:smtp.example 3/0'))
  const nothing = await ask({ service: 'nobody' })
  assert.deepEqual([nothing.nodes, nothing.edges, nothing.traces], [[], [], 0])
})

test('names what it cannot read', async () => {
  const problem = await lens.get<Problem>('/api/lens/map', { split: 'error' }, 400)
  assert.equal(problem.parameter, 'split')
})
