/**
 * The HTTP port under attack: over real sockets, with small limits, before a route that only counts. What the routes store is
 * receivers.test.ts's.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, constants as http2 } from 'node:http2'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { pino } from 'pino'
import { IntakeOverloadedError, IntakeUnavailableError } from '../../src/ingest/group-commit.ts'
import { HttpReceiver } from '../../src/ingest/http-receiver.ts'
import type { HttpRoute } from '../../src/ingest/http-route.ts'
import { httpLimits } from '../../src/ingest/limits.ts'
import { head, RawHttp } from '../support/raw-http.ts'

const mebibyte = 1024 * 1024
const limits = { ...httpLimits, body: 8 * mebibyte, bodies: 24 * mebibyte, linger: 300 }
/** Where times are what is tested: a busy machine must not come near them elsewhere. */
const hastyLimits = { ...limits, headers: 400, request: 1_500, look: 50 }
const impatientLimits = { ...limits, pause: 300 }
const protobuf = { 'content-type': 'application/x-protobuf' }

/** Bodies that the route was given, by their length. */
const taken: number[] = []
const counting: HttpRoute = {
  path: '/v1/traces',
  takes: 'traces',
  contentTypes: ['application/x-protobuf', 'application/json'],
  checkRoom: () => {},
  async accept(body) {
    taken.push(body.length)
    return { status: 200, body: 'stored' }
  },
}

let receivers: readonly HttpReceiver[]
let url: string
let hastyUrl: string
let impatientUrl: string
before(async () => {
  const options = {
    gatekeeper: { sender: () => ({ tenant: undefined }) },
    grpcPort: () => 4317,
    corsOrigins: ['https://app.example.com', 'https://*.shop.example', 'http://localhost:5173'],
  }
  const log = pino({ level: 'silent' })
  receivers = [limits, hastyLimits, impatientLimits].map(
    (limits) => new HttpReceiver([counting], { ...options, limits }, log),
  )
  const ports = await Promise.all(receivers.map((receiver) => receiver.listen('127.0.0.1', 0)))
  const [first = '', second = '', third = ''] = ports.map((port) => `http://127.0.0.1:${port}`)
  url = first
  hastyUrl = second
  impatientUrl = third
})
after(async () => {
  for (const receiver of receivers) receiver.abort()
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

function post(body: Uint8Array | string, headers: Readonly<Record<string, string>> = protobuf) {
  return fetch(`${url}/v1/traces`, { method: 'POST', headers, body: body as BodyInit })
}

async function reasonOf(response: Response): Promise<string> {
  return ((await response.json()) as { message: string }).message
}

/** A gigabyte of zeros in some hundred kilobytes, of each encoding. */
const piece = 64 * mebibyte
const repeated = (bytes: Buffer) => Buffer.concat(Array.from({ length: 16 }, () => bytes))
const bombs: readonly (readonly [string, () => Buffer])[] = [
  ['gzip', () => repeated(gzipSync(Buffer.alloc(piece), { level: 1 }))],
  [
    'deflate',
    () => {
      // Pieces that end on a byte without ending the stream, behind the header of zlib.
      const flush = { level: 1, finishFlush: constants.Z_FULL_FLUSH }
      return Buffer.concat([Buffer.of(0x78, 0x01), repeated(deflateRawSync(Buffer.alloc(piece), flush))])
    },
  ],
  ['zstd', () => repeated(zstdCompressSync(Buffer.alloc(piece)))],
]

for (const [encoding, make] of bombs) {
  test(`keeps ${encoding} bombs of 1 GB on 40 connections within its memory`, {
    timeout: 60_000,
  }, async () => {
    const bomb = make()
    assert.ok(bomb.length < 8 * mebibyte, `${bomb.length} bytes`)
    let most = 0
    const before = process.memoryUsage().arrayBuffers
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }, 5)
    const headers = { ...protobuf, 'content-encoding': encoding, 'content-length': String(bomb.length) }
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => {
        await using client = await RawHttp.open(url)
        await client.post('/v1/traces', headers, bomb.subarray(0, mebibyte))
        return /HTTP\/1\.1 (\d+)/.exec(await client.until(/HTTP\/1\.1 \d+/))?.[1]
      }),
    )
    clearInterval(watch)
    // Each alone is too large; together they find no room, and are told to come again.
    assert.deepEqual(
      [...new Set(statuses)].filter((status) => status !== '413' && status !== '429'),
      [],
    )
    assert.ok(most < limits.bodies + 60 * mebibyte, `${most / mebibyte} MiB at once`)
    assert.equal((await post('x')).status, 200)
  })
}

test('refuses a body that is announced too large, before it is sent', async () => {
  const headers = { ...protobuf, 'content-length': '10000000000' }
  await using client = await RawHttp.open(url)
  await client.post('/v1/traces', headers)
  assert.match(await client.until(/larger/), /^HTTP\/1\.1 413 [\s\S]*the body is larger than 8388608 bytes/)

  await using asking = await RawHttp.open(url)
  await asking.post('/v1/traces', { ...headers, expect: '100-continue' })
  const answer = await asking.until(/larger/)
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.match(answer, /connection: close/i)
})

test('tells a sender that asks first to go on', async () => {
  await using client = await RawHttp.open(url)
  await client.post('/v1/traces', { ...protobuf, 'content-length': '4', expect: '100-continue' })
  await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
  await client.write('body')
  assert.match(await client.until(/stored/), /HTTP\/1\.1 200 OK/)
})

test('ends a body in chunks that does not end, with the answer to be read', async () => {
  await using client = await RawHttp.open(url)
  await client.post('/v1/traces', { ...protobuf, 'transfer-encoding': 'chunked' })
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000), Buffer.from('\r\n')])
  let sent = 0
  while (!client.socket.destroyed && !client.received.includes('larger')) {
    await client.write(chunk)
    sent += chunk.length
  }
  assert.match(client.received, /^HTTP\/1\.1 413 /)
  assert.ok(sent < 64 * mebibyte, `${sent} bytes were taken`)
  await client.ended()
})

test('refuses chunks of a size that is no number', async () => {
  await using client = await RawHttp.open(url)
  await client.post('/v1/traces', { ...protobuf, 'transfer-encoding': 'chunked' }, 'ffffffffffffffffffff\r\n')
  assert.match(await client.ended(), /^HTTP\/1\.1 400 /)
})

test('refuses a request with two lengths, which smuggle another', async () => {
  await using client = await RawHttp.open(url)
  await client.write(
    `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  )
  assert.match(await client.ended(), /^HTTP\/1\.1 400 /)
})

test('ends a connection whose headers dribble', { timeout: 30_000 }, async () => {
  await using client = await RawHttp.open(hastyUrl)
  await client.write('POST /v1/traces HTTP/1.1\r\n')
  const dribble = setInterval(() => client.socket.write('x-slow: 1\r\n'), 50)
  try {
    assert.match(await client.ended(), /^HTTP\/1\.1 408 /)
  } finally {
    clearInterval(dribble)
  }
})

test('refuses headers beyond 16 KiB', async () => {
  await using client = await RawHttp.open(url)
  await client.post('/v1/traces', { 'x-large': 'x'.repeat(20_000) })
  assert.match(await client.ended(), /^HTTP\/1\.1 431 /)
})

test('tells a sender of gRPC that it is the wrong port', async () => {
  const session = connect(url)
  session.on('error', () => {})
  try {
    const [code, , data] = (await once(session, 'goaway')) as [number, number, Buffer]
    assert.equal(code, http2.NGHTTP2_HTTP_1_1_REQUIRED)
    assert.equal(data.toString(), 'this port takes OTLP over HTTP, port 4317 over gRPC')
  } finally {
    session.destroy()
  }
})

test('ends a body that dribbles and one that stands still', { timeout: 30_000 }, async () => {
  await using dribbling = await RawHttp.open(hastyUrl)
  await using standing = await RawHttp.open(impatientUrl)
  const headers = { ...protobuf, 'content-length': '1000' }
  await dribbling.post('/v1/traces', headers)
  await standing.post('/v1/traces', headers, 'x')
  const dribble = setInterval(() => dribbling.socket.write('x'), 50)
  try {
    assert.match(await standing.until(/still/), /^HTTP\/1\.1 408 [\s\S]*the body stood still for 0\.3 s/)
    await standing.ended()
    assert.match(await dribbling.ended(), /^HTTP\/1\.1 408 /)
  } finally {
    clearInterval(dribble)
  }
})

test('pushes back when bodies in flight fill its memory, and takes them when there is room again', async () => {
  const length = 7 * mebibyte
  const headers = { ...protobuf, 'content-length': String(length) }
  const holding: RawHttp[] = []
  try {
    for (let index = 0; index < 3; index++) {
      const client = await RawHttp.open(url)
      holding.push(client)
      await client.post('/v1/traces', headers, Buffer.alloc(length - 1))
    }
    const refused = await untilItHolds(async () => {
      const response = await post(Buffer.alloc(length))
      return response.status === 429 ? response : undefined
    })
    assert.equal(refused.headers.get('retry-after'), '1')
    for (const client of holding) await client.write('x')
    for (const client of holding) assert.match(await client.until(/HTTP\/1\.1 \d+/), /^HTTP\/1\.1 200 /)
    assert.equal((await post(Buffer.alloc(length))).status, 200)
  } finally {
    for (const client of holding) await client[Symbol.asyncDispose]()
  }
})

async function untilItHolds<Result>(attempt: () => Promise<Result | undefined>): Promise<Result> {
  for (;;) {
    const result = await attempt()
    if (result !== undefined) return result
    await sleep(20)
  }
}

test('gives back the room of senders that go away', async () => {
  const length = 7 * mebibyte
  for (let round = 0; round < 8; round++) {
    const client = await RawHttp.open(url)
    await client.post(
      '/v1/traces',
      { ...protobuf, 'content-length': String(length) },
      Buffer.alloc(length - 1),
    )
    await client[Symbol.asyncDispose]()
  }
  await untilItHolds(async () => ((await post(Buffer.alloc(length))).status === 200 ? true : undefined))
})

test('keeps the connection after a refusal whose body was read', async () => {
  await using client = await RawHttp.open(url)
  const body = 'x'.repeat(300_000)
  const length = { 'content-length': String(body.length) }
  await client.post('/v1/traces', { 'content-type': 'text/plain', ...length }, body)
  assert.match(await client.until(/415 [\s\S]*"message"[\s\S]*\}/), /content-type must be/)
  await client.post('/v1/traces', { ...protobuf, 'content-encoding': 'gzip', ...length }, body)
  await client.until(/400 [\s\S]*incorrect header check/)
  await client.post('/elsewhere', { ...protobuf, ...length }, body)
  await client.until(/404 [\s\S]*nothing is taken here; Lens takes traces at \/v1\/traces/)
  await client.post('/v1/traces', { ...protobuf, ...length }, body)
  await client.until(/200 OK[\s\S]*stored/)
  assert.doesNotMatch(client.received, /connection: close/i)
})

test('answers requests that were sent ahead one by one', async () => {
  await using client = await RawHttp.open(url)
  const one = head('POST', '/v1/traces', { ...protobuf, 'content-length': '3' })
  await client.write(`${one}abc${head('POST', '/v1/metrics', { 'content-length': '2' })}{}${one}def`)
  await client.until(/stored[\s\S]*404[\s\S]*stored/)
})

test('lets a sender that reads only when it has sent all see why it was refused', {
  timeout: 30_000,
}, async () => {
  await using client = await RawHttp.open(url)
  client.socket.pause()
  const length = 6 * mebibyte
  await client.post('/elsewhere', { ...protobuf, 'content-length': String(length) }, Buffer.alloc(length))
  client.socket.resume()
  assert.match(await client.ended(), /^HTTP\/1\.1 404 [\s\S]*nothing is taken here/)
})

test('inflates what two of the encodings say in other words, and refuses stacked and unknown ones', async () => {
  const zipped = gzipSync('body')
  assert.equal((await post(zipped, { ...protobuf, 'content-encoding': 'GZIP' })).status, 200)
  assert.equal((await post(zipped, { ...protobuf, 'content-encoding': 'x-gzip' })).status, 200)
  assert.equal((await post('body', { ...protobuf, 'content-encoding': 'identity' })).status, 200)
  assert.deepEqual(taken.splice(-3), [4, 4, 4])
  const json = { 'content-type': 'application/json' }
  for (const [encoding, reason] of [
    ['gzip, gzip', /compresses more than once/],
    ['gzip,deflate', /compresses more than once/],
    ['br', /is not gzip, deflate or zstd/],
    ['constructor', /is not gzip, deflate or zstd/],
  ] as const) {
    const response = await post(zipped, { ...json, 'content-encoding': encoding })
    assert.equal(response.status, 415)
    assert.match(await reasonOf(response), reason)
  }
})

test('refuses zstd that asks for a larger window than HTTP allows', async () => {
  const large = zstdCompressSync(Buffer.alloc(7 * mebibyte, 'x'), {
    params: { [constants.ZSTD_c_windowLog]: 25, [constants.ZSTD_c_contentSizeFlag]: 0 },
  })
  const windowed = Buffer.concat([large.subarray(0, 5), Buffer.of(0x80), large.subarray(6)])
  const response = await post(windowed, { 'content-type': 'application/json', 'content-encoding': 'zstd' })
  assert.equal(response.status, 400)
  assert.match(await reasonOf(response), /too much memory/)
})

test('refuses JSON that is small in bytes and large in memory', async () => {
  const json = { 'content-type': 'application/json' }
  const dense = `{"resourceSpans":[${'{},'.repeat(1_000_000)}{}]}`
  const response = await post(dense, json)
  assert.equal(response.status, 413)
  assert.match(await reasonOf(response), /1000003 objects and lists; at most 1000000/)
  const roomy = `{"resourceSpans":[${'{},'.repeat(999_997)}{}]}`
  assert.equal((await post(roomy, json)).status, 200)
})

test('says what is taken where', async () => {
  const reason = async (path: string, init: RequestInit = { method: 'POST', body: '{}' }) => {
    const response = await fetch(url + path, init)
    return [response.status, await reasonOf(response)]
  }
  assert.deepEqual(await reason('/v1/metrics'), [
    404,
    'metrics are not taken; Lens takes traces at /v1/traces',
  ])
  assert.deepEqual(await reason('/'), [404, 'nothing is taken here; Lens takes traces at /v1/traces'])
  assert.deepEqual(await reason('/v1/traces', { method: 'GET' }), [405, 'traces are sent by POST'])
  assert.equal((await fetch(`${url}/v1/traces`, { method: 'GET' })).headers.get('allow'), 'POST, OPTIONS')
})

// Browsers' side of CORS, by the book: https://fetch.spec.whatwg.org/#http-cors-protocol

function preflight(origin: string, headers = 'content-type') {
  return fetch(`${url}/v1/traces`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': headers,
    },
  })
}

for (const origin of [
  'https://app.example.com',
  'https://eu.shop.example',
  'https://a.b.shop.example',
  'http://localhost:5173',
]) {
  test(`lets pages of ${origin} send and read the answer`, async () => {
    const asked = 'authorization,content-type,x-team'
    const response = await preflight(origin, asked)
    assert.equal(response.status, 204)
    assert.equal(response.headers.get('access-control-allow-origin'), origin)
    assert.equal(response.headers.get('access-control-allow-methods'), 'POST')
    assert.equal(response.headers.get('access-control-allow-headers'), asked)
    assert.equal(response.headers.get('access-control-allow-credentials'), 'true')
    assert.match(response.headers.get('vary') ?? '', /origin/)

    const sent = await post('x', { ...protobuf, origin })
    assert.equal(sent.status, 200)
    assert.equal(sent.headers.get('access-control-allow-origin'), origin)
    assert.equal(sent.headers.get('access-control-expose-headers'), 'retry-after')
    // An error must be readable, too, or the page is told that the network failed.
    const refused = await post('x', { 'content-type': 'text/plain', origin })
    assert.equal(refused.status, 415)
    assert.equal(refused.headers.get('access-control-allow-origin'), origin)
  })
}

for (const origin of [
  'https://evil.example',
  'http://app.example.com',
  'https://app.example.com:8443',
  'https://app.example.com.evil.example',
  'https://shop.example',
  'https://evilshop.example',
  'https://shop.example.evil.com',
  'https://evil.com/.shop.example',
  'http://localhost:5174',
  'null',
  'file://',
]) {
  test(`refuses pages of ${origin}`, async () => {
    const before = taken.length
    for (const response of [
      await preflight(origin),
      await post('{}', { 'content-type': 'application/json', origin }),
    ]) {
      assert.equal(response.status, 403)
      assert.equal(response.headers.get('access-control-allow-origin'), null)
      assert.match(response.headers.get('vary') ?? '', /origin/)
      assert.ok(
        (await reasonOf(response)).includes(`pages of ${origin} may not send here: LENS_CORS_ORIGINS`),
      )
    }
    assert.equal(taken.length, before)
  })
}

test('does not repeat names of headers that are none', async () => {
  await using client = await RawHttp.open(url)
  await client.write(
    head('OPTIONS', '/v1/traces', {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x"<script>,y',
    }),
  )
  const answer = await client.until(/\r\n\r\n/)
  assert.match(answer, /access-control-allow-headers: content-type, content-encoding, authorization/)
  assert.doesNotMatch(answer, /script/)
})

for (const [error, status] of [
  [new IntakeOverloadedError('more waits than the store can take'), 429],
  [new IntakeUnavailableError('the store is not available'), 503],
] as const) {
  test(`pushes back by ${status}, with the time to wait, before it reads a body that there is no room for`, async () => {
    const route: HttpRoute = {
      ...counting,
      checkRoom: () => {
        throw error
      },
    }
    const options = {
      gatekeeper: { sender: () => ({ tenant: undefined }) },
      corsOrigins: [],
      grpcPort: () => 0,
    }
    const full = new HttpReceiver([route], options, pino({ level: 'silent' }))
    try {
      await using client = await RawHttp.open(`http://127.0.0.1:${await full.listen('127.0.0.1', 0)}`)
      const headers = {
        'content-type': 'application/json',
        'content-length': '5000000',
        expect: '100-continue',
      }
      await client.post('/v1/traces', headers)
      const answer = await client.until(/"message"[\s\S]*\}\}?$/)
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*retry-after: 1\\r\\n`, 'i'))
      assert.ok(answer.includes(error.message))
      assert.match(answer, /"retryDelay":"1s"/)
    } finally {
      full.abort()
      await full.close()
    }
  })
}

test('is still there after all that', async () => {
  assert.equal((await post('x')).status, 200)
})
