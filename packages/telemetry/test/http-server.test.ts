/** Requests to real Node HTTP servers: names and attributes by the semantic conventions. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import { correlate } from '../src/correlate.ts'
import { openRaw } from './support/raw-http.ts'
import { get, line, listen, ok, servers, serving, sleep } from './support/serving.ts'
import { traced } from './support/traced.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

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
