/** The gRPC server by itself, at its bounds: by @grpc/grpc-js where that says what is right, by bare HTTP/2 where no honest client would. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { decodeRpcStatus } from '@rustok/otlp'
import { GrpcServer } from '../../src/ingest/grpc/grpc-server.ts'
import { GrpcCode, GrpcError } from '../../src/ingest/grpc/grpc-status.ts'
import { RawHttp } from '../support/raw-http.ts'

const largestMessage = 100_000
const strangers: string[] = []
const waiting = Promise.withResolvers<void>()
let server: GrpcServer
let port: number
let client: Client
let session: ClientHttp2Session

before(async () => {
  server = new GrpcServer({
    methods: {
      '/test.Test/Echo': { open: () => async (message) => message },
      '/test.Test/Fail': {
        open: () => async () => {
          throw new Error('Grüße: 100% of it\n')
        },
      },
      '/test.Test/Refuse': {
        open: () => {
          throw new GrpcError(GrpcCode.RESOURCE_EXHAUSTED, 'later', 3)
        },
      },
      '/test.Test/Wait': {
        open: () => async (message) => {
          await waiting.promise
          return message
        },
      },
    },
    errorOf: (error) => new GrpcError(GrpcCode.INTERNAL, String(error)),
    largestMessage,
    messages: 250_000,
    readTime: 1500,
    onStranger: (spoken) => {
      strangers.push(spoken)
      return 'gRPC is spoken here'
    },
  })
  port = await server.listen('127.0.0.1', 0)
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  })
  session = connect(`http://127.0.0.1:${port}`)
})

after(async () => {
  client.close()
  session.close()
  await server.close()
})

function call(method: string, message: Uint8Array): Promise<Buffer> {
  const same = (bytes: Buffer) => bytes
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(`/test.Test/${method}`, same, same, Buffer.from(message), (error, answer) => {
      if (error === null) resolve(answer ?? Buffer.alloc(0))
      else reject(error)
    })
  })
}

const grpc = {
  ':method': 'POST',
  ':path': '/test.Test/Echo',
  'content-type': 'application/grpc',
  te: 'trailers',
}

/** The headers that answer a call whose body is these bytes, and is left open unless `end`. */
async function raw(
  body: Uint8Array,
  headers: IncomingHttpHeaders = {},
  end = true,
): Promise<IncomingHttpHeaders> {
  const stream = session.request({ ...grpc, ...headers }, { endStream: false })
  stream.on('error', () => {})
  stream.resume()
  stream.write(body)
  if (end) stream.end()
  const trailers = once(stream, 'trailers').then(([fields]) => fields as IncomingHttpHeaders)
  trailers.catch(() => {})
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  const fields =
    answer['grpc-status'] === undefined && Number(answer[':status']) === 200 ? await trailers : answer
  stream.close()
  return fields
}

function framed(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flag
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, message])
}

test('answers calls of every size up to the largest, many at once', async () => {
  const sizes = [0, 1, 5, 16_379, 16_384, 65_535, largestMessage]
  for (const size of sizes) assert.equal((await call('Echo', new Uint8Array(size).fill(7))).length, size)
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => call('Echo', Uint8Array.of(index))),
  )
  assert.deepEqual(
    answers.map((answer) => answer[0]),
    Array.from({ length: 200 }, (_, index) => index),
  )
})

test('keeps messages apart whose memory is used again, also those that are compressed, cut short or failed', async () => {
  const message = (index: number) => new Uint8Array(66_000 + ((index * 997) % 30_000)).fill(index)
  for (let round = 0; round < 8; round++) {
    const indexes = [round * 2, round * 2 + 1]
    const answers = await Promise.all(indexes.map((index) => call('Echo', message(index))))
    for (const [at, answer] of answers.entries()) {
      assert.ok(answer.equals(message(indexes[at]!)), `message ${indexes[at]}`)
    }
    await assert.rejects(call('Fail', message(100 + round)), { code: status.INTERNAL })
    const zipped = await raw(framed(gzipSync(message(200 + round)), 1), { 'grpc-encoding': 'gzip' })
    assert.equal(zipped['grpc-status'], '0')
    const short = await raw(framed(message(50), 0, 66_000 + 1))
    assert.equal(short['grpc-status'], String(status.INTERNAL))
  }
})

test('says in words that survive the wire what went wrong', async () => {
  await assert.rejects(call('Fail', new Uint8Array(0)), (error: ServiceError) => {
    assert.equal(error.code, status.INTERNAL)
    assert.equal(error.details, 'Error: Grüße: 100% of it\n')
    return true
  })
  await assert.rejects(call('Other', new Uint8Array(0)), { code: status.UNIMPLEMENTED })
})

test('refuses before the message is read, and says when to come again', async () => {
  await assert.rejects(call('Refuse', new Uint8Array(50_000)), (error: ServiceError) => {
    assert.equal(error.code, status.RESOURCE_EXHAUSTED)
    const [details] = error.metadata.get('grpc-status-details-bin')
    assert.equal(decodeRpcStatus(details as Buffer).retryDelayNanos, 3_000_000_000n)
    return true
  })
})

test('refuses a message that is too large as soon as it is announced', async () => {
  const fields = await raw(framed(new Uint8Array(10), 0, largestMessage + 1), {}, false)
  assert.equal(fields['grpc-status'], String(status.RESOURCE_EXHAUSTED))
})

test('refuses messages that are longer or shorter than announced, or none', async () => {
  for (const body of [
    framed(new Uint8Array(10), 0, 9),
    framed(new Uint8Array(10), 0, 11),
    new Uint8Array(3),
  ]) {
    assert.equal((await raw(body))['grpc-status'], String(status.INTERNAL))
  }
})

test('inflates gzip and zstd within the bound, and refuses what is not so or not known', async () => {
  const gzip = { 'grpc-encoding': 'gzip' }
  assert.equal((await raw(framed(gzipSync(new Uint8Array(largestMessage)), 1), gzip))['grpc-status'], '0')
  const statusOf = async (body: Uint8Array, encoding: string) =>
    Number((await raw(framed(body, 1), { 'grpc-encoding': encoding }))['grpc-status'])
  assert.equal(
    await statusOf(gzipSync(new Uint8Array(largestMessage + 1)), 'gzip'),
    status.RESOURCE_EXHAUSTED,
  )
  assert.equal(await statusOf(Buffer.from('not gzip'), 'gzip'), status.INVALID_ARGUMENT)
  const zeros = zstdCompressSync(new Uint8Array(largestMessage))
  assert.equal(await statusOf(zeros, 'zstd'), status.OK)
  const bomb = zstdCompressSync(new Uint8Array(largestMessage + 1))
  assert.equal(await statusOf(bomb, 'zstd'), status.RESOURCE_EXHAUSTED)
  const params = { [constants.ZSTD_c_windowLog]: 20, [constants.ZSTD_c_contentSizeFlag]: 0 }
  const plain = zstdCompressSync(new Uint8Array(largestMessage), { params })
  assert.equal(await statusOf(plain, 'zstd'), status.OK)
  // The sixth byte is the window's size, of 64 MiB here.
  const wide = Buffer.concat([plain.subarray(0, 5), Uint8Array.of(0x80), plain.subarray(6)])
  assert.equal(await statusOf(wide, 'zstd'), status.INVALID_ARGUMENT)
  assert.equal(await statusOf(Buffer.from('x'), 'constructor'), status.UNIMPLEMENTED)
})

test('answers what is not gRPC as HTTP does', async () => {
  assert.equal((await raw(new Uint8Array(0), { 'content-type': 'application/json' }))[':status'], 415)
})

test('tells who speaks HTTP/1.1 or TLS here that it is the wrong port', async () => {
  const url = `http://127.0.0.1:${port}`
  await using client = await RawHttp.open(url)
  await client.post('/v1/traces', { 'content-type': 'application/json' }, '{}')
  assert.match(await client.ended(), /^HTTP\/1\.1 400 [\s\S]*\r\n\r\ngRPC is spoken here\n$/)
  await using tls = await RawHttp.open(url)
  await tls.write(Uint8Array.of(0x16, 3, 1, 2, 0))
  assert.equal(await tls.ended(), '')
  assert.deepEqual(strangers, ['http', 'tls'])
  // A preface that comes in pieces is one all the same.
  await using pieces = await RawHttp.open(url)
  await pieces.write('PRI * HT')
  await sleep(20)
  await pieces.write('TP/2.0\r\n\r\nSM\r\n\r\n')
  await pieces.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0))
  const settings = Buffer.of(0, 0, 0, 4, 1).toString('latin1')
  await pieces.until(new RegExp(settings))
  assert.equal(strangers.length, 2)
})

// Its silence would end by itself after ten seconds.
test('waits for nobody who never said a word when it closes', { timeout: 9_000 }, async () => {
  const other = new GrpcServer({
    methods: {},
    errorOf: (error) => new GrpcError(GrpcCode.INTERNAL, String(error)),
    onStranger: () => '',
    largestMessage,
    messages: largestMessage,
    readTime: 1500,
  })
  await using silent = await RawHttp.open(`http://127.0.0.1:${await other.listen('127.0.0.1', 0)}`)
  // A connection that came after it was let in by then, too.
  await using client = await RawHttp.open(`http://127.0.0.1:${port}`)
  await client.post('/', {})
  await client.ended()
  await other.close()
  assert.equal(await silent.ended(), '')
})

test('ends a call whose message does not come', async () => {
  const fields = await raw(framed(new Uint8Array(10), 0, 50), {}, false)
  assert.equal(fields['grpc-status'], String(status.DEADLINE_EXCEEDED))
})

test('holds no more than its bound of messages, pushes others back, and takes them again', async () => {
  const held = [call('Wait', new Uint8Array(100_000)), call('Wait', new Uint8Array(100_000))]
  // They are held when a third no longer fits.
  for (;;) {
    const refused = await call('Echo', new Uint8Array(60_000)).then(
      () => undefined,
      (error: ServiceError) => error,
    )
    if (refused !== undefined) {
      assert.equal(refused.code, status.RESOURCE_EXHAUSTED)
      assert.equal(refused.metadata.get('grpc-status-details-bin').length, 1)
      break
    }
    await sleep(20)
  }
  waiting.resolve()
  await Promise.all(held)
  assert.equal((await call('Echo', new Uint8Array(60_000))).length, 60_000)
})
