/** Hostile and strange input through the open ports of a whole Lens: refused or kept, never a crash, never a 500, and everything stays finite. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type AnyValue, encodeTraceRequest, encodeTraceRequestJson, type TraceRequest } from '@rustok/otlp'
import fc from 'fast-check'
import type { TraceResponse } from '../../src/api/contract.ts'
import { anySpan } from '../support/arbitrary-otlp.ts'
import { RunningLens } from '../support/running-lens.ts'
import { ago, hex, request, span, spanId, traceId } from '../support/spans.ts'

let lens: RunningLens
before(async () => {
  lens = await RunningLens.start()
})
after(() => lens[Symbol.asyncDispose]())

const protobuf = { 'content-type': 'application/x-protobuf' }
const json = { 'content-type': 'application/json' }

function post(path: string, body: Uint8Array | string, headers: Readonly<Record<string, string>>) {
  return fetch(lens.urls.otlpHttp + path, { method: 'POST', headers, body: body as BodyInit })
}

async function assertGoesOn(): Promise<void> {
  const sent = span()
  await lens.send(request('shop', [sent]))
  assert.equal((await read(sent.traceId)).spans.length, 1)
}

function read(id: Uint8Array): Promise<TraceResponse> {
  return lens.get<TraceResponse>(`/api/lens/traces/${hex(id)}`)
}

const ways = [
  ['/v1/traces', protobuf],
  ['/v1/traces', json],
  ['/v1/logs', protobuf],
  ['/v1/logs', json],
  ['/api/v2/spans', json],
] as const

test('refuses or takes any bytes at all, everywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ways),
      fc.uint8Array({ maxLength: 300 }),
      async ([path, type], bytes) => {
        const { status } = await post(path, bytes, type)
        assert.ok(status === 200 || status === 202 || status === 400, `${path} answered ${status}`)
      },
    ),
    { numRuns: 200 },
  )
  await assertGoesOn()
})

test('refuses or takes valid requests with bytes changed, cut off or doubled', async () => {
  const damage = fc.record({
    at: fc.nat(),
    byte: fc.nat({ max: 255 }),
    how: fc.constantFrom('flip', 'cut', 'double'),
  })
  const statuses = new Set<number>()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ways.slice(0, 2)),
      fc.array(anySpan, { minLength: 1, maxLength: 3 }),
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      async ([path, type], spans, damages) => {
        const whole = request('shop', spans)
        let body = Buffer.from(type === json ? encodeTraceRequestJson(whole) : encodeTraceRequest(whole))
        for (const { at, byte, how } of damages) {
          const place = at % Math.max(1, body.length)
          if (how === 'cut') body = body.subarray(0, place)
          else if (how === 'double') body = Buffer.concat([body.subarray(0, place), body])
          else body[place] = byte
        }
        const { status } = await post(path, body, type)
        assert.ok(status === 200 || status === 400, `answered ${status}`)
        statuses.add(status)
      },
    ),
    { numRuns: 200 },
  )
  assert.deepEqual([...statuses].sort(), [200, 400])
  await assertGoesOn()
})

test('refuses values nested 101 deep, and keeps those nested 100', async () => {
  const nested = (depth: number): AnyValue => (depth === 1 ? 'innermost' : [nested(depth - 1)])
  const sent = span({ attributes: [{ key: 'deep', value: nested(100) }] })
  await lens.send(request('shop', [sent]))
  assert.equal((await read(sent.traceId)).spans.length, 1)

  const inner = encodeTraceRequestJson(request('shop', [sent]))
  const deeper = inner.replace(
    '{"stringValue":"innermost"}',
    '{"arrayValue":{"values":[{"stringValue":"innermost"}]}}',
  )
  assert.notEqual(deeper, inner)
  const response = await post('/v1/traces', deeper, json)
  assert.equal(response.status, 400)
  assert.match(await response.text(), /attributes\[0\].*values nest more than 100 deep/)
})

test('refuses 64 MiB of empty messages from 64 kB, in both encodings of both signals', {
  timeout: 120_000,
}, async () => {
  const empty = new Uint8Array(64 * 1024 * 1024)
  for (let at = 0; at < empty.length; at += 2) empty[at] = 0x0a
  const zipped = gzipSync(empty)
  assert.ok(zipped.length < 100_000)
  for (const path of ['/v1/traces', '/v1/logs']) {
    const refused = await post(path, zipped, { ...protobuf, 'content-encoding': 'gzip' })
    assert.equal(refused.status, 400)
    // Before anything was made of them, so that nobody waits for it.
    assert.match(await refused.text(), /more than 262144 resources and scopes/)
    const name = path === '/v1/traces' ? 'resourceSpans' : 'resourceLogs'
    const dense = `{"${name}":[${'{},'.repeat(3_000_000)}{}]}`
    assert.equal((await post(path, gzipSync(dense), { ...json, 'content-encoding': 'gzip' })).status, 413)
  }
  await assertGoesOn()
})

test('keeps spans of strange times as they were sent, and goes on answering searches', async () => {
  const id = traceId()
  const end = 2n ** 64n - 1n
  const times: readonly (readonly [string, bigint, bigint])[] = [
    ['zero', 0n, 0n],
    ['ends before it starts', ago(1000), ago(2000)],
    ['a year ahead', ago(-365 * 86_400_000), ago(-365 * 86_400_000) + 5n],
    ['the end of time', end, end],
    ['from one to the other', 0n, end],
  ]
  await lens.send(
    request(
      'strange',
      times.map(([name, startTimeUnixNano, endTimeUnixNano]) =>
        span({ traceId: id, name, startTimeUnixNano, endTimeUnixNano }),
      ),
    ),
  )
  const { spans } = await read(id)
  for (const [name, start] of times) {
    const stored = spans.find((candidate) => candidate.name === name)
    assert.equal(stored?.startUnixNano, start.toString(), name)
    assert.ok(stored.durationNano >= 0 && Number.isFinite(stored.durationNano), name)
  }
  const found = await lens.get<{ total: number }>('/api/lens/search', { service: 'strange', lookback: '1h' })
  assert.equal(found.total, 1)
})

test('keeps spans that are their own parents, or each other’s, and shows each once', async () => {
  const id = traceId()
  const own = spanId()
  const [first, second] = [spanId(), spanId()]
  const spans = [
    span({ traceId: id, spanId: own, parentSpanId: own, name: 'own parent' }),
    span({ traceId: id, spanId: first, parentSpanId: second, name: 'first' }),
    span({ traceId: id, spanId: second, parentSpanId: first, name: 'second' }),
    span({ traceId: id, parentSpanId: spanId(), name: 'orphan' }),
  ]
  await lens.send(request('cyclic', [...spans, ...spans]))
  await lens.send(request('cyclic', spans))
  const stored = await read(id)
  assert.deepEqual(stored.spans.map(({ name }) => name).sort(), ['first', 'orphan', 'own parent', 'second'])
  const { total, traces } = await lens.get<{ total: number; traces: { spanCount: number }[] }>(
    '/api/lens/search',
    {
      service: 'cyclic',
    },
  )
  assert.deepEqual([total, traces[0]?.spanCount], [1, 4])
  const jaeger = await lens.get<{ data: { spans: unknown[] }[] }>(`/api/traces/${hex(id)}`)
  assert.equal(jaeger.data[0]?.spans.length, 4)
})

test('keeps a trace of 100,000 spans, and shows it whole', { timeout: 120_000 }, async () => {
  const id = traceId()
  const batch = (from: number): TraceRequest =>
    request(
      'large',
      Array.from({ length: 10_000 }, (_, index) =>
        span({ traceId: id, name: `span ${(from + index) % 100}` }),
      ),
    )
  for (let from = 0; from < 100_000; from += 10_000) await lens.send(batch(from))
  assert.equal((await read(id)).spans.length, 100_000)
  const { traces } = await lens.get<{ traces: { spanCount: number }[] }>('/api/lens/search', {
    service: 'large',
  })
  assert.equal(traces[0]?.spanCount, 100_000)
  await assertGoesOn()
})
