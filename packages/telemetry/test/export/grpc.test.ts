/** OTLP over gRPC, on the wire: what a server sees of it, and answers that no library would give. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:http2'
import { suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { encodeRpcStatus } from '@rustok/otlp'
import type { OtelConfigFields } from '../../src/config.ts'
import { startCollector } from '../support/collector.ts'
import { decodeRequest } from '../support/decode.ts'
import { atEnd, deliver as deliverToLibrary, lost, sleep } from '../support/delivery.ts'
import { pipelineTo, until } from '../support/pipeline.ts'
import { ok, type RawCall, startRawGrpc } from '../support/raw-grpc.ts'
import { listen } from '../support/said.ts'

async function deliver(
  answer: (call: RawCall) => unknown = ok,
  fields: Partial<OtelConfigFields> = {},
  options = {},
) {
  const said = listen()
  const server = await startRawGrpc(answer, options)
  const pipeline = pipelineTo(server.endpoint, { shutdownTimeout: 300, ...fields })
  atEnd(server.stop, () => pipeline.pipeline.shutdown())
  return { server, said, ...pipeline }
}

suite('a call', () => {
  test('is what gRPC wants: path, type, trailers, deadline, and the metadata that is configured', async () => {
    const headers = { 'Api-Key': 'secret', authorization: 'Bearer x' }
    const { server, emit, pipeline } = await deliver(ok, { headers, exportTimeout: 7000 })
    emit(2)
    await pipeline.flush()
    const { headers: got, body } = server.calls[0]!
    assert.equal(got[':method'], 'POST')
    assert.equal(got[':scheme'], 'http')
    assert.equal(got[':path'], '/opentelemetry.proto.collector.trace.v1.TraceService/Export')
    assert.equal(got['content-type'], 'application/grpc')
    assert.equal(got.te, 'trailers')
    assert.equal(got['grpc-timeout'], '7000m')
    assert.equal(got['api-key'], 'secret')
    assert.equal(got.authorization, 'Bearer x')
    assert.equal(got['grpc-accept-encoding'], undefined)
    const frame = await body()
    assert.equal(frame[0], 0)
    assert.equal(frame.readUInt32BE(1), frame.length - 5)
    assert.equal(decodeRequest(frame.subarray(5)).spans.length, 2)
  })

  test('with a deadline of days says it in the eight digits that gRPC allows', async () => {
    const { server, emit, pipeline } = await deliver(ok, { exportTimeout: 2 ** 31 - 1 })
    emit(1)
    await pipeline.flush(20_000)
    assert.equal(server.calls[0]!.headers['grpc-timeout'], '2147484S')
  })

  test('is gzipped when that is configured, and a library unzips it', async () => {
    const { server, emit, pipeline } = await deliver(ok, { compression: 'gzip' })
    emit(300, 'hello', { payload: 'x'.repeat(100) })
    await pipeline.flush()
    const { headers, body } = server.calls[0]!
    const frame = await body()
    assert.equal(headers['grpc-encoding'], 'gzip')
    assert.equal(frame[0], 1)
    const message = gunzipSync(frame.subarray(5))
    assert.ok(frame.length * 4 < message.length)
    assert.equal(decodeRequest(message).spans.length, 300)

    const library = await deliverToLibrary(undefined, { compression: 'gzip' })
    library.emit(300)
    await library.pipeline.flush()
    assert.equal(library.collector.spans().length, 300)
  })

  test('shares one connection with all others', async () => {
    const { server, emit, pipeline, ledger } = await deliver(ok, { maxExportBatchSize: 5 })
    for (let round = 0; round < 5; round++) {
      emit(100)
      await pipeline.flush()
    }
    assert.equal(ledger().exported, 500)
    assert.ok(server.calls.length >= 100)
    assert.equal(server.sessions.length, 1)
  })

  test('waits its turn where the server allows one stream at a time', async () => {
    let open = 0
    let most = 0
    const one = async (call: RawCall) => {
      most = Math.max(most, ++open)
      call.stream.on('close', () => open--)
      await sleep(5)
      ok(call)
    }
    const { emit, pipeline, ledger } = await deliver(
      one,
      { maxExportBatchSize: 5 },
      { settings: { maxConcurrentStreams: 1 } },
    )
    emit(5)
    await pipeline.flush()
    emit(100)
    await pipeline.flush(20_000)
    assert.equal(ledger().exported, 105)
    assert.equal(most, 1)
  })
})

suite('an answer', () => {
  /** Trailers alone. */
  const trailers =
    (fields: Record<string, string>) =>
    ({ stream }: RawCall) =>
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...fields }, { endStream: true })

  for (const [encoded, message] of [
    ['caf%C3%A9 is closed', 'café is closed'],
    ['100%25', '100%'],
    ['%zz %', '%zz %'],
    ['%FF', '\ufffd'],
  ] as const) {
    test(`says '${message}' by '${encoded}'`, async () => {
      const { said, emit, pipeline, ledger } = await deliver(
        trailers({ 'grpc-status': '3', 'grpc-message': encoded }),
      )
      emit(1)
      await pipeline.flush()
      assert.deepEqual(lost(ledger()), { refused: 1 })
      assert.ok(
        said.some((line) => line.endsWith(`INVALID_ARGUMENT: ${message}`)),
        said.join('\n'),
      )
    })
  }

  for (const padded of [true, false]) {
    test(`brings its RetryInfo ${padded ? 'with' : 'without'} padding`, async () => {
      const bytes = encodeRpcStatus({ code: 8, message: 'full', retryDelayNanos: 10_000_000n })
      const details = Buffer.from(bytes).toString('base64')
      const busy = trailers({
        'grpc-status': '8',
        'grpc-status-details-bin': padded ? details : details.replace(/=+$/, ''),
      })
      const { emit, pipeline, ledger } = await deliver((call) => (call.attempt === 1 ? busy(call) : ok(call)))
      emit(1)
      await pipeline.flush(20_000)
      assert.equal(ledger().exported, 1)
    })
  }

  for (const status of ['99', 'x', '-1', '']) {
    test(`with the status '${status}' ends somehow, and is counted`, async () => {
      const { emit, pipeline, ledger } = await deliver((call) =>
        call.attempt === 1 ? trailers({ 'grpc-status': status })(call) : ok(call),
      )
      emit(1)
      await pipeline.flush(20_000)
      assert.equal(ledger().queued, 0)
    })
  }

  test('of something that is no gRPC server is final by its HTTP status, or tried again', async () => {
    const cases = { 400: 1, 401: 1, 403: 1, 404: 1, 500: 1, 302: 1, 429: 2, 502: 2, 503: 2, 504: 2 }
    await Promise.all(
      Object.entries(cases).map(async ([status, attempts]) => {
        const { server, emit, pipeline, ledger } = await deliver((call) => {
          if (call.attempt > 1) return ok(call)
          call.stream.respond({ ':status': Number(status), 'content-type': 'text/html' })
          call.stream.end('<html>')
        })
        emit(2)
        await pipeline.flush(20_000)
        assert.equal(server.calls.length, attempts, status)
        assert.deepEqual(lost(ledger()), attempts === 1 ? { refused: 2 } : {}, status)
      }),
    )
  })

  test('of type text/html with status 200 is none, and says so', async () => {
    const { said, emit, pipeline, ledger } = await deliver(({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' })
      stream.end('<html>')
    })
    emit(1)
    await pipeline.flush()
    assert.deepEqual(lost(ledger()), { refused: 1 })
    assert.ok(said.some((line) => line.includes("an answer of type 'text/html', which is not gRPC's")))
  })

  test('without an end is read up to 4 MiB and given up, not sent again', async () => {
    let sent = 0
    const { server, emit, pipeline, ledger } = await deliver(({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        if (stream.destroyed) return
        sent += chunk.length
        stream.write(chunk, more)
      }
      more()
    })
    emit(2)
    await pipeline.flush(20_000)
    await until(() => server.calls[0]!.stream.destroyed)
    assert.equal(server.calls.length, 1)
    assert.deepEqual(lost(ledger()), { refused: 2 })
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes taken`)
  })

  test('that comes before the request was read counts, and its memory is not used again meanwhile', async () => {
    const { server, emit, pipeline, ledger } = await deliver((call) => {
      if (call.attempt > 1) return ok(call)
      call.stream.pause()
      call.stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '3' })
      call.stream.end()
    })
    emit(400, 'early', { payload: 'x'.repeat(2000) })
    await pipeline.flush(20_000)
    assert.deepEqual(lost(ledger()), { refused: 400 })
    emit(400, 'next', { payload: 'y'.repeat(2000) })
    await pipeline.flush(20_000)
    const { spans } = decodeRequest((await server.calls[1]!.body()).subarray(5))
    assert.equal(spans.length, 400)
    assert.ok(spans.every(({ attributes }) => attributes.payload === 'y'.repeat(2000)))
  })
})

suite('a connection', () => {
  const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_CANCEL } =
    constants

  for (const code of [
    NGHTTP2_INTERNAL_ERROR,
    NGHTTP2_REFUSED_STREAM,
    NGHTTP2_ENHANCE_YOUR_CALM,
    NGHTTP2_CANCEL,
  ]) {
    test(`whose stream is reset with code ${code} delivers at the next attempt`, async () => {
      const { emit, pipeline, ledger } = await deliver((call) =>
        call.attempt === 1 ? call.stream.close(code) : ok(call),
      )
      emit(50)
      await pipeline.flush(20_000)
      assert.equal(ledger().exported, 50)
    })
  }

  test('that is reset behind the headers of the answer is tried again: nothing was acknowledged', async () => {
    const { emit, pipeline, ledger } = await deliver(async (call) => {
      if (call.attempt > 1) return ok(call)
      call.stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      await sleep(20)
      call.stream.session?.destroy()
    })
    emit(50)
    await pipeline.flush(20_000)
    assert.equal(ledger().exported, 50)
  })

  for (const code of [0, constants.NGHTTP2_ENHANCE_YOUR_CALM]) {
    test(`that says GOAWAY with code ${code} is left, and what was on it arrives`, async () => {
      const { server, emit, pipeline, ledger } = await deliver(async (call) => {
        if (call.attempt === 2) call.stream.session?.goaway(code)
        if (call.attempt === 2) await sleep(20)
        ok(call)
      })
      for (let round = 0; round < 4; round++) {
        emit(10)
        await pipeline.flush(20_000)
      }
      assert.equal(ledger().exported, 40)
      assert.equal(server.sessions.length, 2)
    })
  }

  test('that was closed while it lay idle is replaced without a word', async () => {
    const { server, said, emit, pipeline, ledger } = await deliver()
    for (let round = 0; round < 20; round++) {
      emit(1)
      await pipeline.flush()
      // Sometimes the request sets out before the end of the connection has arrived.
      server.sessions.at(-1)!.destroy()
    }
    assert.equal(ledger().exported, 20)
    assert.deepEqual(said, [])
  })

  test('to a server that is slow, but there, is kept after the deadline', async () => {
    const { server, emit, pipeline, ledger } = await deliver(
      (call) => (call.attempt === 1 ? undefined : ok(call)),
      { exportTimeout: 400 },
    )
    emit(5)
    await pipeline.flush(20_000)
    assert.equal(ledger().exported, 5)
    assert.equal(server.sessions.length, 1)
    assert.equal(server.calls[0]!.stream.rstCode, NGHTTP2_CANCEL)
  })

  test('to a process that is stopped is given up, and all arrives once it goes on', async () => {
    const child = fork(new URL('../fixtures/silent-collector.ts', import.meta.url))
    atEnd(() => child.kill('SIGKILL'))
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    const { emit, pipeline, ledger } = pipelineTo(`http://127.0.0.1:${port}`, { exportTimeout: 300 })
    atEnd(() => pipeline.shutdown())
    emit(10)
    await pipeline.flush(20_000)
    assert.equal(ledger().exported, 10)
    child.kill('SIGSTOP')
    emit(700)
    assert.equal(await pipeline.flush(1000), false)
    assert.equal(ledger().queued, 700)
    child.kill('SIGCONT')
    assert.equal(await pipeline.flush(20_000), true)
    assert.equal(ledger().exported, 710)
    child.send('tell')
    const [{ spans }] = (await once(child, 'message')) as [{ spans: string[] }]
    assert.equal(new Set(spans).size, 710)
  })

  test('goes to an address of either family by name', async () => {
    const collector = await startCollector()
    atEnd(collector.stop)
    // The collector listens on 127.0.0.1 alone; on many machines `localhost` is ::1 first.
    const { emit, pipeline, ledger } = pipelineTo(`http://localhost:${collector.port}`)
    atEnd(() => pipeline.shutdown())
    emit(3)
    await pipeline.flush(20_000)
    assert.equal(ledger().exported, 3)
  })
})
