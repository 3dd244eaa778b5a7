/** Fastify 5: the server span has the route's template as its name, and tells of what went wrong in a handler. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import Fastify, { type FastifyInstance } from 'fastify'
import { tracedSpan } from '../src/traced-span.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { traced } from './support/traced.ts'

/** What arrives of one request to an application of these routes. */
async function requesting(
  build: (app: FastifyInstance) => unknown,
  path: string,
  init: RequestInit = {},
): Promise<{ server: ReceivedSpan; spans: readonly ReceivedSpan[]; status: number }> {
  let status = 0
  const { spans } = await traced(
    async () => {
      const app = Fastify()
      await build(app)
      const address = await app.listen({ port: 0, host: '127.0.0.1' })
      const response = await fetch(address + path, init)
      status = response.status
      await response.text()
      await app.close()
    },
    { without: ['undici'] },
  )
  const servers = spans.filter(({ kind }) => kind === 2)
  assert.equal(servers.length, 1)
  return { server: servers[0]!, spans, status }
}

test('a route with parameters is named by its template', async () => {
  const { server } = await requesting(
    (app) => app.get('/nodes/:id/edit', (request) => request.params),
    '/nodes/42/edit?draft=1',
  )
  assert.equal(server.name, 'GET /nodes/:id/edit')
  assert.equal(server.attributes['http.route'], '/nodes/:id/edit')
  assert.equal(server.attributes['url.path'], '/nodes/42/edit')
  assert.equal(server.attributes['url.query'], 'draft=1')
  assert.equal(server.attributes['http.request.method'], 'GET')
  assert.equal(server.attributes['http.response.status_code'], 200n)
})

test('a route without parameters has route and path', async () => {
  const { server } = await requesting((app) => app.get('/hello', () => 'hi'), '/hello')
  assert.equal(server.attributes['http.route'], '/hello')
  assert.equal(server.attributes['url.path'], '/hello')
})

test('a route of a plugin has its prefix', async () => {
  const { server } = await requesting(
    (app) => app.register(async (scope) => scope.post('/orders/:id', () => ({})), { prefix: '/api/v1' }),
    '/api/v1/orders/7',
    { method: 'POST' },
  )
  assert.equal(server.name, 'POST /api/v1/orders/:id')
})

test('a wildcard route is named by its template', async () => {
  const { server } = await requesting((app) => app.get('/files/*', () => ''), '/files/a/b/c')
  assert.equal(server.name, 'GET /files/*')
})

test('without a route there is none: 404 keeps the name of the method', async () => {
  const { server, status } = await requesting((app) => app.get('/hello', () => 'hi'), '/nothing/here')
  assert.equal(status, 404)
  assert.equal(server.name, 'GET')
  assert.equal(server.attributes['http.route'], undefined)
  assert.equal(server.attributes['http.response.status_code'], 404n)
  assert.deepEqual(server.status, { code: 0, message: '' })
  assert.equal(server.attributes['error.type'], undefined)
})

suite('an error in a handler', () => {
  for (const [how, fail] of [
    [
      'thrown',
      () => {
        throw new TypeError('no such thing')
      },
    ],
    ['rejected', async () => Promise.reject(new TypeError('no such thing'))],
  ] as const) {
    test(`${how} is an error of the server, with the exception`, async () => {
      const { server, status } = await requesting((app) => app.get('/x/:id', fail), '/x/1')
      assert.equal(status, 500)
      assert.equal(server.name, 'GET /x/:id')
      assert.deepEqual(server.status, { code: 2, message: 'no such thing' })
      assert.equal(server.attributes['error.type'], 'TypeError')
      assert.equal(server.attributes['http.response.status_code'], 500n)
      assert.equal(server.events.length, 1)
      const [{ name, attributes, time }] = server.events as [(typeof server.events)[0]]
      assert.equal(name, 'exception')
      assert.equal(attributes['exception.type'], 'TypeError')
      assert.equal(attributes['exception.message'], 'no such thing')
      assert.match(String(attributes['exception.stacktrace']), /fastify\.test\.ts/)
      assert.ok(time >= server.start && time <= server.end)
    })
  }

  test('that is the fault of the client is no error of the server', async () => {
    const { server, status } = await requesting(
      (app) =>
        app.get('/x', () => {
          throw Object.assign(new Error('not yours'), { statusCode: 403 })
        }),
      '/x',
    )
    assert.equal(status, 403)
    assert.deepEqual(server.status, { code: 0, message: '' })
    assert.deepEqual(server.events, [])
    assert.equal(server.attributes['error.type'], undefined)
  })

  test('that an error handler answers otherwise counts by the answer', async () => {
    const handled = (code: number) => (app: FastifyInstance) => {
      app.setErrorHandler((_, __, reply) => reply.code(code).send('handled'))
      app.get('/x', () => {
        throw new Error('inside')
      })
    }
    const calm = await requesting(handled(200), '/x')
    assert.deepEqual([calm.server.status.code, calm.server.events.length], [0, 0])
    const failed = await requesting(handled(502), '/x')
    assert.equal(failed.server.status.code, 2)
    assert.equal(failed.server.attributes['error.type'], 'Error')
  })

  test('of validation is the fault of the client', async () => {
    const schema = {
      querystring: { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } },
    }
    const { server, status } = await requesting((app) => app.get('/x', { schema }, () => ''), '/x?n=a')
    assert.equal(status, 400)
    assert.equal(server.name, 'GET /x')
    assert.equal(server.status.code, 0)
  })

  test('that is no Error does no harm', async () => {
    const { server, status } = await requesting(
      (app) =>
        app.get('/x', () => {
          throw 'text'
        }),
      '/x',
    )
    assert.equal(status, 500)
    assert.deepEqual(server.status, { code: 2, message: 'text' })
    assert.equal(server.attributes['error.type'], '_OTHER')
  })
})

test('the name that the application gives stays', async () => {
  const { server } = await requesting(
    (app) =>
      app.get('/x/:id', () => {
        trace.getActiveSpan()?.updateName('mine')
        return ''
      }),
    '/x/1',
  )
  assert.equal(server.name, 'mine')
  assert.equal(server.attributes['http.route'], '/x/:id')
})

test('a hook that answers early has its route too', async () => {
  const { server } = await requesting((app) => {
    app.addHook('onRequest', async (_, reply) => reply.code(401).send('who are you?'))
    app.get('/x/:id', () => '')
  }, '/x/1')
  assert.equal(server.name, 'GET /x/:id')
  assert.equal(server.attributes['http.response.status_code'], 401n)
})

test('work in hooks and handlers, also behind a parsed body, is below the server span', async () => {
  const { server, spans } = await requesting(
    (app) => {
      app.addHook('onRequest', async () => tracedSpan('onRequest', () => {}))
      app.addHook('preHandler', async () => tracedSpan('preHandler', () => {}))
      app.post('/x', async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 1))
        return tracedSpan('handler', () => request.body)
      })
    },
    '/x',
    {
      method: 'POST',
      body: JSON.stringify({ a: 'x'.repeat(100_000) }),
      headers: { 'content-type': 'application/json' },
    },
  )
  for (const name of ['onRequest', 'preHandler', 'handler']) {
    assert.equal(spans.find((span) => span.name === name)?.parentSpanId, server.spanId, name)
  }
})

test('an instance that outlives tracing goes on without it, and with it again', async () => {
  let app: FastifyInstance | undefined
  let address = ''
  const hello = async () => (await fetch(`${address}/hello/1`)).text()
  const first = await traced(
    async () => {
      app = Fastify()
      app.get('/hello/:n', () => 'hi')
      address = await app.listen({ port: 0, host: '127.0.0.1' })
      await hello()
    },
    { without: ['undici'] },
  )
  assert.equal(await hello(), 'hi')
  const second = await traced(hello, { without: ['undici'] })
  await app!.close()
  assert.deepEqual(
    [...first.spans, ...second.spans].map(({ name }) => name),
    ['GET /hello/:n', 'GET /hello/:n'],
  )
})
