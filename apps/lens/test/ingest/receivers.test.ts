/** The receivers at their limits: malformed, oversized, compressed and half-valid requests, after each of which Lens goes on. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import {
  decodeRpcStatus,
  decodeTraceResponse,
  encodeTraceRequest,
  encodeTraceRequestJson,
  type TraceRequest,
} from '@rustok/otlp'
import type { TraceResponse } from '../../src/api/contract.ts'
import { RunningLens } from '../support/running-lens.ts'
import { hex, request, span } from '../support/spans.ts'

let lens: RunningLens
let client: Client
before(async () => {
  lens = await RunningLens.start()
  client = new Client(lens.urls.otlpGrpc.replace('http://', ''), credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  })
})
after(async () => {
  client.close()
  await lens[Symbol.asyncDispose]()
})

const protobuf = { 'content-type': 'application/x-protobuf' }
const json = { 'content-type': 'application/json' }

function exportByGrpc(body: Uint8Array): Promise<Buffer> {
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
  const same = (bytes: Buffer) => bytes
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, Buffer.from(body), (error, answer) => {
      if (error === null) resolve(answer ?? Buffer.alloc(0))
      else reject(error)
    })
  })
}

async function assertGoesOn(): Promise<void> {
  const sent = span()
  await lens.send(request('shop', [sent]))
  const { spans } = await lens.get<TraceResponse>(`/api/lens/traces/${hex(sent.traceId)}`)
  assert.equal(spans.length, 1)
}

test('answers a malformed protobuf body with 400 and a Status that says where, and goes on', async () => {
  const whole = encodeTraceRequest(request('shop', [span()]))
  const response = await lens.post(whole.subarray(0, whole.length - 3), protobuf)
  assert.equal(response.status, 400)
  assert.equal(response.headers.get('content-type'), 'application/x-protobuf')
  const { code, message } = decodeRpcStatus(new Uint8Array(await response.arrayBuffer()))
  assert.equal(code, status.INVALID_ARGUMENT)
  assert.match(message, /resourceSpans: a length of 93 runs past the end of its message at byte 92/)
  await assertGoesOn()
})

test('answers malformed JSON with 400 and a Status in JSON, and goes on', async () => {
  for (const [body, expected] of [
    ['{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}', /spans\[0\]\.traceId/],
    ['{"resourceSpans":', /JSON/],
    ['[]', /object/],
  ] as const) {
    const response = await lens.post(body, json)
    assert.equal(response.status, 400)
    const { code, message } = (await response.json()) as { code: number; message: string }
    assert.equal(code, status.INVALID_ARGUMENT)
    assert.match(message, expected)
  }
  await assertGoesOn()
})

test('answers a malformed gRPC message with INVALID_ARGUMENT that says where, and goes on', async () => {
  const whole = encodeTraceRequest(request('shop', [span()]))
  await assert.rejects(exportByGrpc(whole.subarray(0, whole.length - 3)), (error: ServiceError) => {
    assert.equal(error.code, status.INVALID_ARGUMENT)
    assert.match(error.details, /resourceSpans: a length of 93 runs past the end of its message at byte 92/)
    return true
  })
  await exportByGrpc(encodeTraceRequest(request('shop', [span()])))
})

const invalid: TraceRequest = request('shop', [
  span({ traceId: new Uint8Array(16) }),
  span({ traceId: new Uint8Array(8).fill(1) }),
  span({ spanId: new Uint8Array(8) }),
  span({ spanId: new Uint8Array(0) }),
  span({ spanId: new Uint8Array(0) }),
  span({ parentSpanId: new Uint8Array(3).fill(1) }),
])
const reasons =
  '1 with a traceId of zeros, 1 with a traceId of 8 bytes instead of 16, 1 with a spanId of zeros, ' +
  '2 with a spanId of 0 bytes instead of 8, 1 with a parentSpanId of 3 bytes instead of 8'

test('refuses spans with invalid ids by partial success, and stores the others', async () => {
  const good = span()
  const mixed = { resourceSpans: [...invalid.resourceSpans, ...request('shop', [good]).resourceSpans] }
  const answer = decodeTraceResponse(await exportByGrpc(encodeTraceRequest(mixed)))
  assert.deepEqual(answer.partialSuccess, { rejectedSpans: 6n, errorMessage: reasons })
  assert.equal((await lens.get<TraceResponse>(`/api/lens/traces/${hex(good.traceId)}`)).spans.length, 1)

  const response = await lens.post(encodeTraceRequestJson(invalid), json)
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { partialSuccess: { rejectedSpans: '6', errorMessage: reasons } })
})

test('answers an empty request with full success', async () => {
  assert.deepEqual(decodeTraceResponse(await exportByGrpc(new Uint8Array(0))), { partialSuccess: undefined })
  const response = await lens.post('{}', json)
  assert.deepEqual([response.status, await response.json()], [200, {}])
})

test('takes a parent of zeros as no parent', async () => {
  const root = span({ parentSpanId: new Uint8Array(8) })
  await lens.send(request('shop', [root]))
  const { spans } = await lens.get<TraceResponse>(`/api/lens/traces/${hex(root.traceId)}`)
  assert.equal(spans[0]?.parentSpanId, '')
})

for (const [encoding, compress] of [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['zstd', zstdCompressSync],
] as const) {
  test(`inflates ${encoding}`, async () => {
    const sent = span()
    const body = compress(encodeTraceRequest(request('shop', [sent])))
    const response = await lens.post(body, { ...protobuf, 'content-encoding': encoding })
    assert.equal(response.status, 200)
    assert.equal((await lens.get<TraceResponse>(`/api/lens/traces/${hex(sent.traceId)}`)).spans.length, 1)
  })

  test(`stops inflating a ${encoding} bomb at the limit, and goes on`, async () => {
    const bomb = compress(Buffer.alloc(65 * 1024 * 1024))
    assert.ok(bomb.length < 100_000)
    const response = await lens.post(bomb, { ...protobuf, 'content-encoding': encoding })
    assert.equal(response.status, 413)
    await assertGoesOn()
  })

  test(`answers a body that is not ${encoding} with 400`, async () => {
    const response = await lens.post('not compressed', { ...protobuf, 'content-encoding': encoding })
    assert.equal(response.status, 400)
  })
}

test('stops a bomb in many gzip members at the limit', async () => {
  const member = gzipSync(Buffer.alloc(8 * 1024 * 1024))
  const bomb = Buffer.concat(Array.from({ length: 9 }, () => member))
  const response = await lens.post(bomb, { ...protobuf, 'content-encoding': 'gzip' })
  assert.equal(response.status, 413)
})

test('refuses stacked and unknown encodings, other content types, methods and paths', async () => {
  const body = encodeTraceRequest(request('shop', [span()]))
  const statusOf = async (path: string, init: RequestInit) =>
    (await fetch(lens.urls.otlpHttp + path, init)).status
  assert.equal((await lens.post(body, { ...protobuf, 'content-encoding': 'gzip, gzip' })).status, 415)
  assert.equal((await lens.post(body, { ...protobuf, 'content-encoding': 'br' })).status, 415)
  assert.equal((await lens.post(body, { 'content-type': 'text/plain' })).status, 415)
  assert.equal(await statusOf('/v1/traces', { method: 'GET' }), 405)
  assert.equal(await statusOf('/v1/traces/more', { method: 'POST', body: '{}', headers: json }), 404)
  assert.equal((await lens.post('{}', { ...json, origin: 'https://evil.example' })).status, 403)
})

test('refuses a body beyond 64 MiB, by HTTP and by gRPC, and goes on', async () => {
  const large = new Uint8Array(64 * 1024 * 1024 + 1)
  assert.equal((await lens.post(large, protobuf)).status, 413)
  await assert.rejects(exportByGrpc(large), (error: ServiceError) => error.code === status.RESOURCE_EXHAUSTED)
  await assertGoesOn()
})

test('stores every span of many small requests at once', async () => {
  const shared = span().traceId
  const children = Array.from({ length: 300 }, (_, index) => span({ traceId: shared, name: `span ${index}` }))
  await Promise.all(children.map((child) => exportByGrpc(encodeTraceRequest(request('shop', [child])))))
  const { spans } = await lens.get<TraceResponse>(`/api/lens/traces/${hex(shared)}`)
  assert.equal(new Set(spans.map(({ name }) => name)).size, 300)
})
