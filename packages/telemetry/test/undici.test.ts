/** Client spans of the global fetch and of undici, with the context in the headers that they send. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import * as undici from 'undici'
import { tracedSpan } from '../src/traced-span.ts'
import { callServer } from './support/call-server.ts'
import type { TracedOptions } from './support/traced.ts'
import { traced } from './support/traced.ts'

const calling = (work: (url: string) => unknown, handler?: RequestListener, options?: TracedOptions) =>
  callServer((port) => work(`http://127.0.0.1:${port}`), handler, { without: ['http'], ...options })

const get = async (url: string, init?: RequestInit) => (await fetch(url, init)).text()

test('fetch is a client span with the attributes of the conventions', async () => {
  const { spans, port } = await calling((url) =>
    get(`${url}/items?page=2#part`, { method: 'PUT', body: 'x' }),
  )
  assert.equal(spans.length, 1)
  const { name, kind, status, attributes } = spans[0]!
  assert.deepEqual([name, kind, status], ['PUT', 3, { code: 0, message: '' }])
  assert.deepEqual(attributes, {
    'http.request.method': 'PUT',
    'url.full': `http://127.0.0.1:${port}/items?page=2`,
    'server.address': '127.0.0.1',
    'server.port': BigInt(port),
    'http.response.status_code': 200n,
  })
})

test('undici itself is traced alike: request, fetch, stream, pipeline, pool', async () => {
  const { spans } = await calling(async (url) => {
    await (await undici.request(url, { path: '/request' } as never)).body.text()
    await (await undici.fetch(`${url}/fetch`)).text()
    const pool = new undici.Pool(url)
    await (await pool.request({ method: 'GET', path: '/pool' })).body.text()
    await pool.close()
  })
  assert.deepEqual(
    spans.map(({ kind, attributes }) => [kind, new URL(String(attributes['url.full'])).pathname]),
    [
      [3, '/request'],
      [3, '/fetch'],
      [3, '/pool'],
    ],
  )
})

suite('the headers that are sent', () => {
  const traceparent = (request: IncomingMessage) => {
    const sent = request.rawHeaders.filter(
      (_, i) => i % 2 === 1 && request.rawHeaders[i - 1] === 'traceparent',
    )
    assert.ok(sent.length <= 1, 'at most one traceparent')
    return sent[0]
  }

  test('name the client span, within the active trace', async () => {
    const { named, requests } = await calling((url) => tracedSpan('outer', () => get(url)))
    const { traceId, spanId, parentSpanId } = named('GET')
    assert.equal(traceparent(requests[0]!), `00-${traceId}-${spanId}-03`)
    assert.equal(parentSpanId, named('outer').spanId)
  })

  test('carry baggage', async () => {
    const baggage = propagation.createBaggage({ plan: { value: 'gold' } })
    const { requests } = await calling((url) =>
      context.with(propagation.setBaggage(context.active(), baggage), () => get(url)),
    )
    assert.equal(requests[0]!.headers.baggage, 'plan=gold')
  })

  test('say so when the trace is not sampled', async () => {
    const { spans, requests } = await calling((url) => get(url), undefined, { config: { samplingRate: 0 } })
    assert.deepEqual(spans, [])
    assert.match(traceparent(requests[0]!)!, /-02$/)
  })

  test('say nothing, and make no span, while tracing is suppressed', async () => {
    const { spans, requests } = await calling((url) =>
      context.with(suppressTracing(ROOT_CONTEXT), () => get(url)),
    )
    assert.deepEqual(spans, [])
    assert.equal(traceparent(requests[0]!), undefined)
  })

  const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  test("replace those of a proxy that passes its caller's on", async () => {
    const headers = { TraceParent: given, tracestate: 'a=1', 'x-other': 'kept' }
    const { named, requests } = await calling((url) => tracedSpan('proxy', () => get(url, { headers })))
    const { traceId, spanId } = named('GET')
    assert.equal(traceparent(requests[0]!), `00-${traceId}-${spanId}-03`)
    assert.equal(requests[0]!.headers.tracestate, undefined)
    assert.equal(requests[0]!.headers['x-other'], 'kept')
  })

  test('continue the trace that the application names, where no span is active', async () => {
    const { named, requests } = await calling((url) =>
      get(url, { headers: { traceparent: given, tracestate: 'a=1' } }),
    )
    const span = named('GET')
    assert.equal(span.traceId, '0af7651916cd43dd8448eb211c80319c')
    assert.equal(span.parentSpanId, 'b7ad6b7169203331')
    assert.equal(traceparent(requests[0]!), `00-${span.traceId}-${span.spanId}-01`)
    assert.equal(requests[0]!.headers.tracestate, 'a=1')
  })

  test('hold nothing that cannot be sent: the request and its span survive', async () => {
    const traceState = {
      set: () => traceState,
      unset: () => traceState,
      get: () => undefined,
      serialize: () => 'a=1\r\nset-cookie: x=1',
    }
    const parent = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1, traceState }
    const { spans, requests } = await calling((url) =>
      context.with(trace.setSpanContext(ROOT_CONTEXT, parent), () => get(url)),
    )
    assert.equal(spans.length, 1)
    assert.equal(requests.length, 1)
    assert.equal(requests[0]!.headers['set-cookie'], undefined)
  })
})

suite('what goes wrong', () => {
  for (const status of [400, 404, 500, 503]) {
    test(`${status} is an error of the call`, async () => {
      const { spans } = await calling(
        (url) => get(url),
        (_, response) => response.writeHead(status).end('x'),
      )
      assert.deepEqual(spans[0]!.status, { code: 2, message: '' })
      assert.equal(spans[0]!.attributes['error.type'], String(status))
      assert.equal(spans[0]!.attributes['http.response.status_code'], BigInt(status))
    })
  }

  test('a refused connection ends the span with its code', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const { spans } = await traced(() => assert.rejects(fetch(`http://127.0.0.1:${port}/`)))
    assert.equal(spans.length, 1)
    const { status, attributes, events } = spans[0]!
    assert.equal(status.code, 2)
    assert.equal(attributes['error.type'], 'ECONNREFUSED')
    assert.equal(events[0]!.name, 'exception')
  })

  test('a call that is aborted ends the span as an error of text type', async () => {
    const { spans } = await calling(
      async (url) => {
        await assert.rejects(fetch(url, { signal: AbortSignal.timeout(30) }))
      },
      () => {},
    )
    assert.equal(spans.length, 1)
    assert.equal(spans[0]!.status.code, 2)
    assert.equal(spans[0]!.attributes['error.type'], 'TimeoutError')
  })

  test('a call that the application aborts ends the span too', async () => {
    const stop = new AbortController()
    const { spans } = await calling(
      async (url) => {
        const call = fetch(url, { signal: stop.signal })
        setTimeout(() => stop.abort(), 20)
        await assert.rejects(call)
      },
      () => {},
    )
    assert.equal(spans[0]!.attributes['error.type'], 'AbortError')
  })

  for (const reason of ['because', null, undefined, Object.create(null), 5]) {
    test(`a call that is aborted with ${typeof reason === 'object' && reason ? 'an object' : reason} ends the span`, async () => {
      const stop = new AbortController()
      const { spans } = await calling(
        async (url) => {
          const call = undici.request(url, { signal: stop.signal })
          setTimeout(() => stop.abort(reason), 20)
          await call.then(
            () => assert.fail('was aborted'),
            () => {},
          )
        },
        () => {},
      )
      assert.equal(spans.length, 1)
      assert.equal(spans[0]!.status.code, 2)
      assert.equal(typeof spans[0]!.attributes['error.type'], 'string')
    })
  }

  test('a server that hangs up in the middle of the body does so after the span', async () => {
    const { spans, ledger } = await calling(
      (url) => assert.rejects(get(url)),
      (request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('begun')
        setTimeout(() => request.socket.destroy(), 20)
      },
    )
    assert.equal(spans.length, 1)
    assert.equal(ledger.created, 1)
    assert.equal(spans[0]!.status.code, 0)
    assert.equal(spans[0]!.attributes['http.response.status_code'], 200n)
  })
})

test('a body that is never read leaves no span open', async () => {
  const { spans } = await calling(
    async (url) => {
      for (let i = 0; i < 5; i++) assert.equal((await fetch(url)).status, 200)
    },
    (_, response) => response.end('x'.repeat(1_000_000)),
  )
  assert.equal(spans.length, 5)
})

test('passwords and telling parameters are not recorded, but are sent', async () => {
  const { spans, requests } = await calling((url) =>
    undici.request(`${url}/p?api_key=hunter2&page=1`).then(({ body }) => body.text()),
  )
  assert.match(String(spans[0]!.attributes['url.full']), /\/p\?api_key=REDACTED&page=1$/)
  assert.equal(requests[0]!.url, '/p?api_key=hunter2&page=1')
})

test('redirects are a span each, below the same parent', async () => {
  const { spans, named } = await calling(
    (url) => tracedSpan('outer', () => get(`${url}/first`)),
    (request, response) => {
      if (request.url === '/first') response.writeHead(302, { location: '/second' }).end()
      else response.end('there')
    },
  )
  const clients = spans.filter(({ kind }) => kind === 3)
  assert.deepEqual(
    clients.map(({ attributes }) => attributes['http.response.status_code']),
    [302n, 200n],
  )
  for (const { parentSpanId } of clients) assert.equal(parentSpanId, named('outer').spanId)
})

test('what the application does afterwards runs in its own context', async () => {
  await calling((url) =>
    tracedSpan('outer', async (outer) => {
      await get(url)
      assert.equal(trace.getActiveSpan(), outer)
    }),
  )
})

test('many calls at once keep their answers apart', async () => {
  const { spans } = await calling(
    (url) => Promise.all(Array.from({ length: 50 }, (_, i) => get(`${url}/${200 + (i % 3)}`))),
    (request, response) => {
      const status = Number(request.url?.slice(1))
      setTimeout(() => response.writeHead(status).end(), status % 7)
    },
  )
  assert.equal(spans.length, 50)
  for (const { attributes } of spans) {
    assert.ok(String(attributes['url.full']).endsWith(`/${attributes['http.response.status_code']}`))
  }
})

test('without undici fetch is left alone', async () => {
  const { spans, requests } = await calling((url) => get(url), undefined, { without: ['http', 'undici'] })
  assert.deepEqual(spans, [])
  assert.equal(requests[0]!.headers.traceparent, undefined)
})
