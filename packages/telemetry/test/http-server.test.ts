/** Requests to real Node HTTP servers: names and attributes by the semantic conventions, and contexts that stay where they belong. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, suite, test } from 'node:test'
import { context, trace } from '@opentelemetry/api'
import { correlate, logFields } from '../src/correlate.ts'
import { tracedSpan } from '../src/traced-span.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { openRaw } from './support/raw-http.ts'
import { type Received, type TracedOptions, traced } from './support/traced.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** What arrives of `work` against a server with this handler; only server spans count unless `without` says otherwise. */
function serving(
  handler: RequestListener,
  work: (port: number) => Promise<unknown>,
  options: TracedOptions = {},
): Promise<Received> {
  return traced(async () => work(await listen(handler)), { without: ['undici'], ...options })
}

const ok: RequestListener = (_, response) => response.end('ok')
const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'
const line = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n')
const get = async (port: number, path = '/', init?: RequestInit) =>
  (await fetch(`http://127.0.0.1:${port}${path}`, init)).text()
const sleep = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms))

suite('a request', () => {
  test('is a server span with the attributes of the conventions', async () => {
    let port = 0
    const { spans } = await serving(ok, (at) => {
      port = at
      return get(at, '/items/42?page=2', { headers: { 'user-agent': 'tests/1.0' } })
    })
    const [span] = spans
    assert.equal(spans.length, 1)
    assert.equal(span!.name, 'GET')
    assert.equal(span!.kind, 2)
    assert.equal(span!.parentSpanId, '')
    assert.deepEqual(span!.status, { code: 0, message: '' })
    const { 'network.peer.port': peerPort, ...attributes } = span!.attributes
    assert.ok(Number(peerPort) > 0)
    assert.deepEqual(attributes, {
      'http.request.method': 'GET',
      'http.response.status_code': 200n,
      'url.scheme': 'http',
      'url.path': '/items/42',
      'url.query': 'page=2',
      'server.address': '127.0.0.1',
      'server.port': BigInt(port),
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'user_agent.original': 'tests/1.0',
    })
  })

  test('continues the trace that its headers name', async () => {
    const { spans } = await serving(ok, (port) =>
      get(port, '/', { headers: { traceparent: `00-${traceId}-${parentId}-01`, tracestate: 'a=1' } }),
    )
    const { flags, traceState, parentSpanId, ...span } = spans[0]!
    assert.deepEqual([span.traceId, parentSpanId, traceState, flags], [traceId, parentId, 'a=1', 0x301])
  })

  test('lasts from its start to the end of the response', async () => {
    let waited = 0n
    const { spans } = await serving(async (_, response) => {
      const begin = process.hrtime.bigint()
      response.write('a')
      await sleep(20)
      waited = process.hrtime.bigint() - begin
      response.end('b')
    }, get)
    assert.ok(spans[0]!.end - spans[0]!.start >= waited)
  })

  for (const [status, code, errorType] of [
    [204, 0, undefined],
    [304, 0, undefined],
    [404, 0, undefined],
    [500, 2, '500'],
    [503, 2, '503'],
  ] as const) {
    test(`with ${status} ${code === 2 ? 'is an error of the server' : 'is no error of the server'}`, async () => {
      const { spans } = await serving((_, response) => response.writeHead(status).end(), get)
      const { status: spanStatus, attributes } = spans[0]!
      assert.equal(spanStatus.code, code)
      assert.equal(attributes['http.response.status_code'], BigInt(status))
      assert.equal(attributes['error.type'], errorType)
    })
  }

  test('of a method that is not in the conventions is HTTP and _OTHER, with the original kept', async () => {
    const { spans } = await serving(ok, (port) => get(port, '/', { method: 'PROPFIND' }))
    assert.equal(spans[0]!.name, 'HTTP')
    assert.equal(spans[0]!.attributes['http.request.method'], '_OTHER')
    assert.equal(spans[0]!.attributes['http.request.method_original'], 'PROPFIND')
  })

  for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    test(`of method ${method} is named so`, async () => {
      const { spans } = await serving(
        (_, response) => response.end(),
        (port) => get(port, '/', { method }),
      )
      assert.equal(spans[0]!.name, method)
    })
  }

  test('of HTTP/1.0 without a host says what it knows', async () => {
    const { spans } = await serving(ok, async (port) => {
      const { socket } = await openRaw(port)
      socket.end('GET / HTTP/1.0\r\n\r\n')
      await once(socket, 'close')
    })
    assert.equal(spans[0]!.attributes['network.protocol.version'], '1.0')
    assert.equal(spans[0]!.attributes['server.address'], undefined)
  })

  for (const [host, address, port] of [
    ['example.com', 'example.com', undefined],
    ['example.com:8080', 'example.com', 8080n],
    ['[::1]:8080', '[::1]', 8080n],
    ['[::1]', '[::1]', undefined],
    ['a:b:c', 'a:b:c', undefined],
    ['x:', 'x:', undefined],
  ] as const) {
    test(`with host ${host} went to ${address}${port ? ` port ${port}` : ''}`, async () => {
      const { spans } = await serving(ok, async (at) => {
        const connection = await openRaw(at)
        await connection.exchange(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
      })
      assert.deepEqual(
        [spans[0]!.attributes['server.address'], spans[0]!.attributes['server.port']],
        [address, port],
      )
    })
  }

  test('on one connection with another host or user agent says its own', async () => {
    const { spans } = await serving(ok, async (port) => {
      const { exchange, socket } = await openRaw(port)
      for (const n of [1, 1, 2]) {
        await exchange(`GET / HTTP/1.1\r\nhost: host${n}\r\nuser-agent: agent${n}\r\n\r\n`)
      }
      socket.destroy()
    })
    assert.deepEqual(
      spans.map(({ attributes }) => [attributes['server.address'], attributes['user_agent.original']]),
      [
        ['host1', 'agent1'],
        ['host1', 'agent1'],
        ['host2', 'agent2'],
      ],
    )
  })

  test('that is malformed makes no span and no error', async () => {
    const { spans } = await serving(ok, async (port) => {
      const { socket } = await openRaw(port)
      socket.write('NONSENSE\r\n\r\n')
      await once(socket, 'close')
    })
    assert.deepEqual(spans, [])
  })
})

suite('what is secret', () => {
  const urlOf = async (target: string) => {
    const { spans } = await serving(ok, async (port) => {
      const { exchange, socket } = await openRaw(port)
      await exchange(line(target))
      socket.destroy()
    })
    const { 'url.path': path, 'url.query': query } = spans[0]!.attributes
    return { path, query }
  }

  test('is taken out of query strings', async () => {
    assert.deepEqual(await urlOf('/cb?page=2&token=abc&api_key=d&X-Amz-Signature=e'), {
      path: '/cb',
      query: 'page=2&token=REDACTED&api_key=REDACTED&X-Amz-Signature=REDACTED',
    })
  })

  test('is taken out of a request line with a whole URL', async () => {
    assert.deepEqual(await urlOf('http://user:hunter2@x/path?secret=1'), {
      path: '/path',
      query: 'secret=REDACTED',
    })
  })

  test('an empty query is none', async () => {
    assert.deepEqual(await urlOf('/p?'), { path: '/p', query: undefined })
    assert.deepEqual(await urlOf('*'), { path: '*', query: undefined })
  })
})

suite('what the application says itself', () => {
  test('wins over what we found, once, and its name too', async () => {
    const { spans } = await serving((_, response) => {
      const span = trace.getActiveSpan()!
      span.updateName('checkout')
      span.setAttributes({
        'http.route': '/mine',
        'url.path': '/hidden',
        'user_agent.original': 'hidden',
        'error.type': 'mine',
        'http.response.status_code': 299,
      })
      response.writeHead(500).end()
    }, get)
    const { name, attributes } = spans[0]!
    assert.equal(name, 'checkout')
    assert.equal(attributes['http.route'], '/mine')
    assert.equal(attributes['url.path'], '/hidden')
    assert.equal(attributes['user_agent.original'], 'hidden')
    assert.equal(attributes['error.type'], 'mine')
    assert.equal(attributes['http.response.status_code'], 299n)
    assert.equal(attributes['http.request.method'], 'GET')
  })

  test('and its tenant and user are on the server span', async () => {
    const { spans } = await serving(
      (_, response) => correlate({ tenantId: 'acme', userId: 'ann' }, () => response.end()),
      get,
    )
    assert.equal(spans[0]!.attributes.tenant_id, 'acme')
    assert.equal(spans[0]!.attributes.user_id, 'ann')
    assert.equal(spans[0]!.attributes['http.request.method'], 'GET')
  })

  test('a status that it sets stays', async () => {
    const { spans } = await serving((_, response) => {
      trace.getActiveSpan()?.setStatus({ code: 2, message: 'out of stock' })
      response.end()
    }, get)
    assert.deepEqual(spans[0]!.status, { code: 2, message: 'out of stock' })
  })
})

suite('the context of a request', () => {
  test('is active in the handler, behind awaits, in the events of the body and of the response', async () => {
    const seen: (string | undefined)[] = []
    const see = () => void seen.push(trace.getActiveSpan()?.spanContext().spanId)
    const { spans } = await serving(
      async (incoming, response) => {
        see()
        incoming.on('data', see).on('end', see)
        await once(incoming, 'end')
        see()
        await sleep()
        see()
        response.on('finish', see).end('x')
      },
      (port) => get(port, '/', { method: 'POST', body: 'x'.repeat(100_000) }),
    )
    assert.ok(seen.length >= 6)
    assert.deepEqual(new Set(seen), new Set([spans[0]!.spanId]))
  })

  test('is there for a body of chunks and for one that comes late', async () => {
    const seen: unknown[] = []
    const { spans } = await serving(
      async (incoming, response) => {
        for await (const chunk of incoming)
          seen.push([String(chunk), trace.getActiveSpan()?.spanContext().spanId])
        response.end()
      },
      async (port) => {
        const outgoing = request({ port, host: '127.0.0.1', method: 'POST' })
        outgoing.write('a')
        await sleep(20)
        outgoing.end('b')
        const [response] = await once(outgoing, 'response')
        await once(response.resume(), 'end')
      },
    )
    assert.deepEqual(seen, [
      ['a', spans[0]!.spanId],
      ['b', spans[0]!.spanId],
    ])
  })

  test('does not leak to the next request of a kept-alive connection, whatever was between', async () => {
    const seen: unknown[] = []
    const handler: RequestListener = (incoming, response) => {
      const path = incoming.url
      seen.push([path, trace.getActiveSpan()?.spanContext().traceId === traceId, logFields().tenant_id])
      const finish = () => {
        tracedSpan(`work ${path}`, () => {})
        response.end('x')
      }
      if (path === '/traced') correlate({ tenantId: 'acme' }, finish)
      else finish()
    }
    const { spans } = await serving(handler, async (port) => {
      const { exchange, socket } = await openRaw(port)
      await exchange(line('/traced', `traceparent: 00-${traceId}-${parentId}-01`))
      await exchange(line('/plain'))
      await exchange(line('/unsampled', `traceparent: 00-${traceId}-${parentId}-00`))
      await exchange(line('/plain-again'))
      await exchange(line('/invalid', 'traceparent: nonsense'))
      socket.destroy()
    })
    assert.deepEqual(seen, [
      ['/traced', true, undefined],
      ['/plain', false, undefined],
      ['/unsampled', true, undefined],
      ['/plain-again', false, undefined],
      ['/invalid', false, undefined],
    ])
    const traces = new Map(spans.map((span) => [span.name, span]))
    assert.equal(traces.get('work /traced')!.traceId, traceId)
    for (const path of ['/plain', '/plain-again', '/invalid']) {
      const work = traces.get(`work ${path}`)!
      assert.notEqual(work.traceId, traceId)
      assert.equal(work.attributes.tenant_id, undefined)
      const server = spans.find((span) => span.attributes['url.path'] === path)!
      assert.equal(work.parentSpanId, server.spanId)
    }
    assert.equal(traces.has('work /unsampled'), false)
  })

  test('does not leak when nothing is sampled', async () => {
    const ids = new Set<string | undefined>()
    await serving(
      (_, response) => {
        ids.add(trace.getActiveSpan()?.spanContext().traceId)
        response.end('x')
      },
      async (port) => {
        const { exchange, socket } = await openRaw(port)
        for (let i = 0; i < 5; i++) await exchange(line('/'))
        socket.destroy()
      },
      { config: { samplingRate: 0 } },
    )
    assert.equal(ids.size, 5)
  })

  test('of pipelined requests is each its own, though the second is answered first', async () => {
    const handler: RequestListener = async (incoming, response) => {
      await sleep(incoming.url === '/slow' ? 20 : 1)
      tracedSpan(`work ${incoming.url}`, () => {})
      response.setHeader('content-length', 1).end('x')
    }
    const { spans } = await serving(handler, async (port) => {
      const { exchange, socket } = await openRaw(port)
      await exchange(line('/slow') + line('/quick') + line('/third'), 3)
      socket.destroy()
    })
    assert.equal(spans.length, 6)
    for (const path of ['/slow', '/quick', '/third']) {
      const server = spans.find((span) => span.attributes['url.path'] === path)!
      const work = spans.find((span) => span.name === `work ${path}`)!
      assert.equal(work.parentSpanId, server.spanId)
      assert.equal(work.traceId, server.traceId)
      assert.equal(server.attributes['http.response.status_code'], 200n)
    }
    assert.equal(new Set(spans.map((span) => span.traceId)).size, 3)
  })

  test('is gone outside of requests', async () => {
    let outside: unknown
    await serving(ok, async (port) => {
      await get(port)
      outside = trace.getSpan(context.active())
    })
    assert.equal(outside, undefined)
  })
})

suite('a client that hangs up', () => {
  const aborted = ({ status, attributes }: ReceivedSpan) => {
    assert.equal(status.code, 2)
    assert.equal(attributes['error.type'], 'client_disconnected')
  }

  test('before the response: the span ends as an error, without a status code', async () => {
    const arrived = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const { spans } = await serving(
      (incoming) => {
        incoming.socket.on('close', () => closed.resolve())
        arrived.resolve()
      },
      async (port) => {
        const { socket } = await openRaw(port)
        socket.write(line('/never'))
        await arrived.promise
        socket.destroy()
        await closed.promise
      },
    )
    assert.equal(spans.length, 1)
    aborted(spans[0]!)
    assert.equal(spans[0]!.attributes['http.response.status_code'], undefined)
    assert.equal(spans[0]!.attributes['url.path'], '/never')
  })

  test('in the middle of the response: the span ends as an error, with the status code that was sent', async () => {
    const closed = Promise.withResolvers<void>()
    const { spans } = await serving(
      (incoming, response) => {
        incoming.socket.on('close', () => closed.resolve())
        response.writeHead(200, { 'content-length': 100 }).write('begun')
      },
      async (port) => {
        const { socket } = await openRaw(port)
        socket.write(line('/'))
        await once(socket, 'data')
        socket.destroy()
        await closed.promise
      },
    )
    aborted(spans[0]!)
    assert.equal(spans[0]!.attributes['http.response.status_code'], 200n)
  })

  test('with pipelined requests open: every span ends once', async () => {
    let count = 0
    const arrived = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    const { spans, ledger } = await serving(
      (incoming) => {
        incoming.socket.once('close', () => closed.resolve())
        if (++count === 3) arrived.resolve()
      },
      async (port) => {
        const { socket } = await openRaw(port)
        socket.write(line('/1') + line('/2') + line('/3'))
        await arrived.promise
        socket.destroy()
        await closed.promise
      },
    )
    assert.deepEqual(spans.map(({ attributes }) => attributes['url.path']).sort(), ['/1', '/2', '/3'])
    for (const span of spans) aborted(span)
    assert.equal(ledger.created, 3)
  })

  test('after the response: no error', async () => {
    const { spans } = await serving(ok, async (port) => {
      const { exchange, socket } = await openRaw(port)
      await exchange(line('/'))
      socket.destroy()
      await sleep(5)
    })
    assert.equal(spans.length, 1)
    assert.equal(spans[0]!.status.code, 0)
  })
})

suite('the server stays as it is', () => {
  test('a thousand requests on one connection add one listener', async () => {
    const counts = new Set<number>()
    const { spans } = await serving(
      (incoming, response) => {
        counts.add(incoming.socket.listenerCount('close'))
        response.end('x')
      },
      async (port) => {
        const { exchange, socket } = await openRaw(port)
        for (let i = 0; i < 1000; i++) await exchange(line(`/${i}`))
        socket.destroy()
      },
    )
    assert.equal(spans.length, 1000)
    assert.equal(counts.size, 1)
  })

  test('upgrades and CONNECT work as without tracing', async () => {
    await traced(async () => {
      const port = await listen(ok)
      const server = servers.at(-1)!
      for (const event of ['upgrade', 'connect'] as const) {
        server.on(event, (_, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nhello'))
      }
      for (const first of ['GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x', 'CONNECT a:1 HTTP/1.1']) {
        const { socket } = await openRaw(port)
        let answer = ''
        socket.on('data', (text) => {
          answer += text
        })
        socket.write(`${first}\r\nhost: x\r\n\r\n`)
        await once(socket, 'close')
        assert.match(answer, /hello$/)
      }
    })
  })

  test('expect: 100-continue works as without tracing', async () => {
    const { spans } = await serving(
      (incoming, response) => incoming.resume().on('end', () => response.end('done')),
      async (port) => {
        const outgoing = request({
          port,
          host: '127.0.0.1',
          method: 'POST',
          headers: { expect: '100-continue' },
        })
        outgoing.on('continue', () => outgoing.end('body'))
        outgoing.flushHeaders()
        const [response] = await once(outgoing, 'response')
        await once(response.resume(), 'end')
      },
    )
    assert.equal(spans.length, 1)
  })

  test('without http there is no server span', async () => {
    const { spans } = await serving(ok, get, { without: ['http', 'undici'] })
    assert.deepEqual(spans, [])
  })

  test('a request that is open at shutdown ends without harm', async () => {
    const gate = Promise.withResolvers<void>()
    let answer: Promise<string> | undefined
    const port = await listen(async (_, response) => {
      await gate.promise
      response.end('late')
    })
    await traced(
      async () => {
        answer = get(port)
        await sleep(20)
      },
      { without: ['undici'] },
    )
    gate.resolve()
    assert.equal(await answer, 'late')
  })
})
