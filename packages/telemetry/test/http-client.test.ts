/** Client spans of node:http and node:https, with the context in the headers that a real server receives. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  Agent,
  type ClientRequest,
  createServer,
  get as httpGet,
  type IncomingMessage,
  type RequestOptions,
  request,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { tracedSpan } from '../src/traced-span.ts'
import { callServer } from './support/call-server.ts'
import { traced } from './support/traced.ts'

const calling: typeof callServer = (work, handler, options) =>
  callServer(work, handler, { without: ['http-server'], ...options })

/** The body of the answer. */
async function read(outgoing: ClientRequest): Promise<string> {
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return body
}
const get = (port: number, options: RequestOptions = {}) =>
  read(request({ port, host: '127.0.0.1', ...options }).end())

const sent = (incoming: IncomingMessage, name: string) => {
  const values = incoming.rawHeaders.filter(
    (_, i) => i % 2 === 1 && incoming.rawHeaders[i - 1]!.toLowerCase() === name,
  )
  assert.ok(values.length <= 1, `at most one ${name}`)
  return values[0]
}

test('a request is a client span with the attributes of the conventions', async () => {
  const { spans, port } = await calling((port) => get(port, { method: 'PUT', path: '/items?page=2' }))
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

test('all ways to ask are traced, fetch by its own instrumentation alone', async () => {
  const agent = new Agent({ keepAlive: true })
  const { spans } = await calling(async (port) => {
    await read(httpGet(`http://127.0.0.1:${port}/url`))
    await read(httpGet(new URL(`http://127.0.0.1:${port}/object`)))
    await get(port, { path: '/agent', agent })
    await get(port, { path: '/agent-again', agent })
    await get(port, { path: '/none', agent: false })
    await (await fetch(`http://127.0.0.1:${port}/fetch`)).text()
  })
  agent.destroy()
  assert.deepEqual(
    spans.map(({ kind, attributes }) => [kind, new URL(String(attributes['url.full'])).pathname]),
    ['/url', '/object', '/agent', '/agent-again', '/none', '/fetch'].map((path) => [3, path]),
  )
})

suite('the headers that are sent', () => {
  const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  for (const [how, options] of [
    ['as an object', { headers: { 'x-other': '1' } }],
    ['as a list', { headers: ['x-other', '1', 'host', 'example.org:1'] as never }],
    ['with Expect', { headers: { expect: '100-continue', 'x-other': '1' }, method: 'POST' }],
    [
      'as an object that passes others on',
      { headers: { TraceParent: given, tracestate: 'a=1', 'x-other': '1' } },
    ],
    [
      'as a list that passes others on',
      {
        headers: [
          'TraceParent',
          given,
          'Tracestate',
          'a=1',
          'x-other',
          '1',
          'host',
          'example.org:1',
        ] as never,
      },
    ],
  ] as [string, RequestOptions][]) {
    test(`name the client span, within the active trace, when headers come ${how}`, async () => {
      const { named, requests } = await calling((port) => tracedSpan('outer', () => get(port, options)))
      const { traceId, spanId, parentSpanId } = named(options.method ?? 'GET')
      assert.equal(sent(requests[0]!, 'traceparent'), `00-${traceId}-${spanId}-03`)
      assert.equal(sent(requests[0]!, 'tracestate'), undefined)
      assert.equal(requests[0]!.headers['x-other'], '1')
      assert.equal(parentSpanId, named('outer').spanId)
    })
  }

  test('carry baggage', async () => {
    const baggage = propagation.createBaggage({ plan: { value: 'gold' } })
    const { requests } = await calling((port) =>
      context.with(propagation.setBaggage(context.active(), baggage), () => get(port)),
    )
    assert.equal(sent(requests[0]!, 'baggage'), 'plan=gold')
  })

  test('say so when the trace is not sampled', async () => {
    const { spans, requests } = await calling((port) => get(port), undefined, { config: { samplingRate: 0 } })
    assert.deepEqual(spans, [])
    assert.match(sent(requests[0]!, 'traceparent')!, /-0[02]$/)
  })

  test('say nothing, and make no span, while tracing is suppressed', async () => {
    const { spans, requests } = await calling((port) =>
      context.with(suppressTracing(ROOT_CONTEXT), () => get(port)),
    )
    assert.deepEqual(spans, [])
    assert.equal(sent(requests[0]!, 'traceparent'), undefined)
  })

  test('continue the trace that the application names, where no span is active', async () => {
    const { named, requests } = await calling((port) =>
      get(port, { headers: { traceparent: given, tracestate: 'a=1' } }),
    )
    const span = named('GET')
    assert.equal(span.traceId, '0af7651916cd43dd8448eb211c80319c')
    assert.equal(span.parentSpanId, 'b7ad6b7169203331')
    assert.equal(sent(requests[0]!, 'tracestate'), 'a=1')
  })
})

suite('what goes wrong', () => {
  for (const status of [404, 500]) {
    test(`${status} is an error of the call`, async () => {
      const { spans } = await calling(
        (port) => get(port),
        (_, response) => response.writeHead(status).end('x'),
      )
      assert.equal(spans[0]!.status.code, 2)
      assert.equal(spans[0]!.attributes['error.type'], String(status))
      assert.equal(spans[0]!.attributes['http.response.status_code'], BigInt(status))
    })
  }

  test('a refused connection ends the span with its code', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const { spans } = await traced(() => assert.rejects(get(port)))
    assert.equal(spans.length, 1)
    assert.equal(spans[0]!.attributes['error.type'], 'ECONNREFUSED')
    assert.equal(spans[0]!.events[0]!.name, 'exception')
  })

  test('a call that is destroyed before its answer ends the span', async () => {
    const { spans } = await calling(
      async (port) => {
        const outgoing = request({ port, host: '127.0.0.1' })
        outgoing.on('error', () => {}).end()
        setTimeout(() => outgoing.destroy(), 20)
        await new Promise((resolve) => outgoing.once('close', resolve))
      },
      () => {},
    )
    assert.equal(spans.length, 1)
    assert.equal(spans[0]!.attributes['error.type'], 'ECONNRESET')
  })

  test('a body that is never read leaves no span open', async () => {
    const { spans } = await calling(async (port) => {
      const outgoing = request({ port, host: '127.0.0.1' }).end()
      await once(outgoing, 'response')
      outgoing.destroy()
    })
    assert.equal(spans.length, 1)
    assert.equal(spans[0]!.status.code, 0)
  })
})

test('an upgraded connection is a span that ends with the handshake', async () => {
  const { spans } = await calling(async (port, server) => {
    server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
      socket.pipe(socket)
    })
    const outgoing = request({
      port,
      host: '127.0.0.1',
      headers: { connection: 'upgrade', upgrade: 'echo' },
    }).end()
    const [, socket] = await once(outgoing, 'upgrade')
    socket.destroy()
    await once(socket, 'close')
  })
  assert.equal(spans.length, 1)
  assert.equal(spans[0]!.attributes['http.response.status_code'], 101n)
  assert.equal(spans[0]!.status.code, 0)
})

test('the server over a Unix socket is called by its name', async () => {
  const socketPath = join(tmpdir(), `rustok-http-client-${process.pid}.sock`)
  const server = createServer((_, response) => response.end('ok')).listen(socketPath)
  await once(server, 'listening')
  const { spans } = await traced(() => read(request({ socketPath, path: '/x' }).end()), {
    without: ['http-server'],
  })
  server.close()
  assert.equal(spans[0]!.attributes['url.full'], 'http://localhost/x')
})

test('passwords and telling parameters are not recorded, but are sent', async () => {
  const { spans, requests } = await calling((port) =>
    read(httpGet(`http://user:hunter2@127.0.0.1:${port}/p?api_key=hunter3&page=1`)),
  )
  assert.doesNotMatch(JSON.stringify(Object.values(spans[0]!.attributes).map(String)), /hunter/)
  assert.match(String(spans[0]!.attributes['url.full']), /page=1/)
  assert.equal(requests[0]!.url, '/p?api_key=hunter3&page=1')
})

test('what the application does with the answer runs in its own context', async () => {
  const seen: unknown[] = []
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  await calling((port) =>
    Promise.all(
      [1, 2, 3].map((n) =>
        tracedSpan(`outer ${n}`, async (outer) => {
          await new Promise<void>((resolve) => {
            const outgoing = request({ port, host: '127.0.0.1', agent }, (response) => {
              seen.push(trace.getActiveSpan() === outer)
              response.on('data', () => seen.push(trace.getActiveSpan() === outer))
              response.on('end', () => resolve())
            })
            outgoing.end()
          })
          seen.push(trace.getActiveSpan() === outer)
        }),
      ),
    ),
  )
  agent.destroy()
  assert.deepEqual(seen, Array(9).fill(true))
})

test('without http-client it is left alone', async () => {
  const { spans, requests } = await calling((port) => get(port), undefined, { without: ['http'] })
  assert.deepEqual(spans, [])
  assert.equal(requests[0]!.headers.traceparent, undefined)
})
