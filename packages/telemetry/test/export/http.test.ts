/** OTLP over HTTP, against a plain HTTP server: what is sent, and what is made of every answer. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  encodeRpcStatus,
  encodeRpcStatusJson,
  encodeTraceResponse,
  encodeTraceResponseJson,
} from '@rustok/otlp'
import type { OtelConfigFields } from '../../src/config.ts'
import { decodeRequest } from '../support/decode.ts'
import { atEnd, lost } from '../support/delivery.ts'
import { type HttpAnswer, type HttpAnswering, startHttpCollector } from '../support/http-collector.ts'
import { pipelineTo, until } from '../support/pipeline.ts'
import { listen } from '../support/said.ts'

async function deliver(answer?: HttpAnswering, fields: Partial<OtelConfigFields> = {}) {
  const collector = await startHttpCollector(answer)
  const pipeline = pipelineTo(collector.endpoint, {
    protocol: 'http/protobuf',
    shutdownTimeout: 300,
    ...fields,
  })
  atEnd(collector.stop, () => pipeline.pipeline.shutdown())
  return { collector, ...pipeline }
}

suite('a request', () => {
  test('in protobuf is the pipeline’s own bytes, with the headers that are configured', async () => {
    const { collector, emit, pipeline } = await deliver(undefined, { headers: { 'api-key': 'secret' } })
    emit(3, 'hello', { tenant_id: 'acme' })
    await pipeline.flush()
    const [request] = collector.requests
    assert.equal(request?.path, '/v1/traces')
    assert.equal(request.headers['content-type'], 'application/x-protobuf')
    assert.equal(request.headers['api-key'], 'secret')
    assert.equal(Number(request.headers['content-length']), request.size)
    assert.match(String(request.headers['user-agent']), /^RusToK-OTLP-Exporter-Node\/\d/)
    assert.deepEqual(
      collector.spans().map(({ name, attributes }) => [name, attributes.tenant_id]),
      Array.from({ length: 3 }, () => ['hello', 'acme']),
    )
  })

  test('in JSON says the same in the encoding of OTLP: ids in hex, 64-bit integers as text', async () => {
    const { collector, tracer, pipeline, ledger } = await deliver(undefined, { protocol: 'http/json' })
    const span = tracer.startSpan('hello', { attributes: { count: 7, ratio: 0.5, tags: ['a', 'ü'] } })
    const { traceId, spanId } = span.spanContext()
    span.end()
    await pipeline.flush()
    const [request] = collector.requests
    assert.equal(request?.headers['content-type'], 'application/json')
    const [received] = JSON.parse(request.body.toString('utf8')).resourceSpans[0].scopeSpans[0].spans
    assert.deepEqual([received.traceId, received.spanId], [traceId, spanId])
    assert.match(received.startTimeUnixNano, /^\d{19}$/)
    assert.deepEqual(received.attributes, [
      { key: 'count', value: { intValue: '7' } },
      { key: 'ratio', value: { doubleValue: 0.5 } },
      { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'ü' }] } } },
    ])
    assert.equal(ledger().exported, 1)
  })

  for (const protocol of ['http/protobuf', 'http/json'] as const) {
    test(`${protocol} is gzipped when that is configured`, async () => {
      const { collector, emit, pipeline } = await deliver(undefined, { protocol, compression: 'gzip' })
      emit(500, 'hello', { payload: 'x'.repeat(100) })
      await pipeline.flush()
      const [request] = collector.requests
      assert.equal(request?.headers['content-encoding'], 'gzip')
      assert.ok(request.size * 4 < request.body.length, `${request.size} of ${request.body.length} bytes`)
      if (protocol === 'http/json') JSON.parse(request.body.toString())
      else assert.equal(decodeRequest(request.body).spans.length, 500)
    })
  }

  test('is not sent over more connections than there are requests on the wire, and those are kept', async () => {
    const { collector, emit, pipeline, ledger } = await deliver(undefined, { maxExportBatchSize: 5 })
    for (let round = 0; round < 5; round++) {
      emit(100)
      await pipeline.flush()
    }
    assert.equal(ledger().exported, 500)
    assert.ok(collector.requests.length >= 100)
    assert.ok(collector.connections <= 4, `${collector.connections} connections`)
  })
})

suite('a status', () => {
  const finals = [400, 401, 403, 404, 405, 408, 413, 422, 500, 501, 505, 599]
  const retried = [429, 502, 503, 504]

  test('is retried when OTLP says so, and final otherwise', async () => {
    await Promise.all(
      [...finals, ...retried].map(async (status) => {
        const { collector, emit, pipeline, ledger } = await deliver((attempt) =>
          attempt === 1 ? { status } : {},
        )
        emit(5)
        await pipeline.flush(20_000)
        const again = retried.includes(status)
        assert.equal(collector.requests.length, again ? 2 : 1, String(status))
        assert.equal(collector.spans().length, again ? 5 : 0, String(status))
        assert.deepEqual(lost(ledger()), again ? {} : { refused: 5 }, String(status))
      }),
    )
  })

  for (const status of [301, 302, 307, 308]) {
    test(`${status} is not followed: spans and headers go nowhere that is not configured`, async () => {
      const elsewhere = await startHttpCollector()
      atEnd(elsewhere.stop)
      const said = listen()
      const { emit, pipeline, ledger } = await deliver(() => ({
        status,
        headers: { location: elsewhere.endpoint },
      }))
      emit(2)
      await pipeline.flush()
      assert.deepEqual(lost(ledger()), { refused: 2 })
      assert.equal(elsewhere.connections, 0)
      assert.ok(said.some((line) => line.includes(`a redirect to ${elsewhere.endpoint}`)))
    })
  }

  for (const [type, body] of [
    [
      'application/x-protobuf',
      encodeRpcStatus({ code: 3, message: 'no such tenant', retryDelayNanos: undefined }),
    ],
    [
      'application/json',
      encodeRpcStatusJson({ code: 3, message: 'no such tenant', retryDelayNanos: undefined }),
    ],
  ] as const) {
    test(`tells its reason in ${type}`, async () => {
      const said = listen()
      const { emit, pipeline } = await deliver(() => ({
        status: 400,
        headers: { 'content-type': type },
        body,
      }))
      emit(1)
      await pipeline.flush()
      assert.ok(said.some((line) => line.includes('HTTP status 400: no such tenant')))
    })
  }
})

suite('Retry-After', () => {
  /** Milliseconds between the first attempt and the second. */
  async function delayOf(retryAfter: string): Promise<number> {
    const times: number[] = []
    const { emit, pipeline } = await deliver((attempt) => {
      times.push(performance.now())
      return attempt === 1 ? { status: 503, headers: { 'retry-after': retryAfter } } : {}
    })
    emit(1)
    await pipeline.flush(20_000)
    assert.equal(times.length, 2)
    return times[1]! - times[0]!
  }

  test('in seconds is waited for', async () => assert.ok((await delayOf('1')) >= 900))

  test('as a date is waited for', async () => {
    const at = new Date(Date.now() + 2500)
    // The header's date has whole seconds.
    assert.ok((await delayOf(at.toUTCString())) >= 1000)
  })

  for (const value of ['0', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT', 'soon', '']) {
    test(`'${value}' does not make a failing collector be hammered`, async () => {
      const { collector, emit, pipeline, ledger } = await deliver(() => ({
        status: 429,
        headers: { 'retry-after': value },
      }))
      emit(1)
      await pipeline.flush(600)
      assert.ok(collector.requests.length <= 8, `${collector.requests.length} attempts`)
      assert.equal(ledger().queued, 1)
    })
  }

  test('of a year does not outlast the shutdown, which asks once more', async () => {
    const { collector, emit, pipeline, ledger } = await deliver((attempt) =>
      attempt === 1 ? { status: 503, headers: { 'retry-after': String(365 * 86_400) } } : {},
    )
    emit(4)
    void pipeline.flush(10)
    await until(() => collector.requests.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await pipeline.shutdown()
    assert.equal(collector.spans().length, 4)
    assert.equal(ledger().exported, 4)
  })
})

suite('an answer', () => {
  const partial = { partialSuccess: { rejectedSpans: 3n, errorMessage: 'three are too old' } }
  const protobuf = { 'content-type': 'application/x-protobuf' }
  const json = { 'content-type': 'application/json; charset=utf-8' }

  for (const [how, answer] of [
    ['protobuf', { headers: protobuf, body: encodeTraceResponse(partial) }],
    ['JSON', { headers: json, body: encodeTraceResponseJson(partial) }],
  ] as const) {
    test(`with a partial success in ${how} counts the rejected and is not sent again`, async () => {
      const said = listen()
      const { collector, emit, pipeline, ledger } = await deliver(() => answer)
      emit(10)
      await pipeline.flush()
      assert.equal(collector.requests.length, 1)
      assert.deepEqual([ledger().exported, ledger().rejected, ledger().queued], [7, 3, 0])
      assert.ok(said.some((line) => line.includes('three are too old')))
    })
  }

  test('with a warning and nothing rejected is told, and all are delivered', async () => {
    const said = listen()
    const body = encodeTraceResponseJson({ partialSuccess: { rejectedSpans: 0n, errorMessage: 'use TLS' } })
    const { emit, pipeline, ledger } = await deliver(() => ({ headers: json, body }))
    emit(2)
    await pipeline.flush()
    assert.deepEqual([ledger().exported, ledger().rejected], [2, 0])
    assert.ok(said.some((line) => line.includes('use TLS')))
  })

  for (const [how, answer] of Object.entries<HttpAnswer>({
    'of bytes that are no protobuf': { headers: protobuf, body: Buffer.from([0xff, 0xff]) },
    'of text that is no JSON': { headers: json, body: '{"partialSuccess":' },
    'of HTML': { headers: { 'content-type': 'text/html' }, body: '<html>ok</html>' },
  })) {
    test(`${how} is an answer: delivered, not sent again`, async () => {
      const { collector, emit, pipeline, ledger } = await deliver(() => answer)
      emit(2)
      await pipeline.flush()
      assert.equal(collector.requests.length, 1)
      assert.equal(ledger().exported, 2)
    })
  }

  test('without an end is read up to 4 MiB, not sent again, and its connection given up', async () => {
    let sent = 0
    let closed = false
    const { collector, emit, pipeline, ledger } = await deliver(() => (response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        while (!closed && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', more).on('close', () => {
        closed = true
      })
      response.writeHead(200, protobuf)
      more()
    })
    emit(2)
    await pipeline.flush(20_000)
    await until(() => closed)
    assert.equal(collector.requests.length, 1)
    assert.equal(ledger().exported, 2)
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes taken`)
  })

  test('that is cut off behind its status counts as given', async () => {
    const { collector, emit, pipeline, ledger } = await deliver(() => (response) => {
      response.writeHead(200, { ...protobuf, 'content-length': '100' })
      response.write('x', () => response.destroy())
    })
    emit(2)
    await pipeline.flush()
    assert.equal(collector.requests.length, 1)
    assert.equal(ledger().exported, 2)
  })
})

suite('a connection', () => {
  test('that is reset before the answer is tried again, and a duplicate has the same ids', async () => {
    const { collector, emit, pipeline, ledger } = await deliver((attempt) =>
      attempt === 1 ? (response) => response.destroy() : {},
    )
    emit(20)
    await pipeline.flush(20_000)
    const ids = collector.requests.flatMap(({ body }) =>
      decodeRequest(body).spans.map(({ spanId }) => spanId),
    )
    assert.equal(ids.length, 40)
    assert.equal(new Set(ids).size, 20)
    assert.equal(ledger().exported, 20)
  })

  test('that the server closed while it lay idle is replaced without a word', async () => {
    const said = listen()
    const { collector, emit, pipeline, ledger } = await deliver()
    for (let round = 0; round < 20; round++) {
      emit(1)
      await pipeline.flush()
      // Sometimes the request sets out before the end of the connection has arrived.
      collector.closeIdle()
    }
    assert.equal(ledger().exported, 20)
    assert.deepEqual(said, [])
  })

  test('to a server that is silent is given up after the deadline, for another', async () => {
    const { collector, emit, pipeline, ledger } = await deliver(
      (attempt) => (attempt === 1 ? undefined : {}),
      {
        exportTimeout: 150,
      },
    )
    emit(5)
    await pipeline.flush(20_000)
    assert.equal(ledger().exported, 5)
    assert.equal(collector.connections, 2)
  })
})
