/** Express 5, h3 2 and srvx: the server span has the route's template as its name, and tells of what went wrong in a handler. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import express, { type Express } from 'express'
import { H3, HTTPError, serve as serveH3 } from 'h3'
import { tracingPlugin as h3Tracing } from 'h3/tracing'
import { serve } from 'srvx'
import { tracingPlugin as srvxTracing } from 'srvx/tracing'
import { tracedSpan } from '../src/traced-span.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { type TracedOptions, traced } from './support/traced.ts'

interface Requested {
  readonly server: ReceivedSpan
  readonly spans: readonly ReceivedSpan[]
  readonly status: number
}

/** What arrives of one request to what `start` listens with. */
async function requesting(
  start: () => Promise<{ url: string; stop: () => unknown }>,
  path: string,
  init: RequestInit = {},
  options: TracedOptions = {},
): Promise<Requested> {
  let status = 0
  const { spans } = await traced(
    async () => {
      const { url, stop } = await start()
      const response = await fetch(url + path, init)
      status = response.status
      await response.text()
      await stop()
    },
    { without: ['undici'], ...options },
  )
  const servers = spans.filter(({ kind }) => kind === 2)
  assert.equal(servers.length, 1)
  return { server: servers[0]!, spans, status }
}

suite('Express', () => {
  const requestingExpress = (
    build: (app: Express) => unknown,
    path: string,
    init?: RequestInit,
    options?: TracedOptions,
  ) =>
    requesting(
      async () => {
        const app = express()
        app.set('env', 'test')
        build(app)
        const server: Server = app.listen(0, '127.0.0.1')
        await once(server, 'listening')
        return {
          url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          stop: () => server.close(),
        }
      },
      path,
      init,
      options,
    )

  test('a route with parameters is named by its template', async () => {
    const { server } = await requestingExpress(
      (app) =>
        app
          .use((_, __, next) => next())
          .get('/nodes/:id/edit', (request, response) => void response.send(request.params.id)),
      '/nodes/42/edit?draft=1',
    )
    assert.equal(server.name, 'GET /nodes/:id/edit')
    assert.equal(server.attributes['http.route'], '/nodes/:id/edit')
    assert.equal(server.attributes['url.path'], '/nodes/42/edit')
  })

  test('a route of routers has their templates in front', async () => {
    const inner = express.Router().post('/items/:item', (_, response) => void response.json({}))
    const outer = express.Router().use('/shops/:shop', inner)
    const { server } = await requestingExpress((app) => app.use('/api', outer), '/api/shops/1/items/2', {
      method: 'POST',
    })
    assert.equal(server.name, 'POST /api/shops/:shop/items/:item')
  })

  test('middleware in front of routers, slow or not, is no part of the route', async () => {
    const inner = express
      .Router()
      .use(async (_, __, next) => {
        await new Promise((resolve) => setTimeout(resolve, 2))
        next()
      })
      .get('/', (_, response) => void response.send('x'))
    const { server } = await requestingExpress(
      (app) =>
        app
          .use('/api', (_, __, next) => next())
          .use('/api', (_, __, next) => void setTimeout(next, 2))
          .use('/api', express.Router().use('/shops/:shop', inner)),
      '/API/shops/1/',
    )
    assert.equal(server.name, 'GET /api/shops/:shop')
  })

  test('a route that is a list or a pattern is named by what matched', async () => {
    const build = (app: Express) =>
      app
        .all(['/a/:x', '/b/:y'], (_, response) => void response.send('x'))
        .get(/^\/r(.)$/, (_, response) => void response.send('x'))
    assert.equal((await requestingExpress(build, '/b/1')).server.name, 'GET /b/:y')
    assert.equal((await requestingExpress(build, '/rx')).server.name, 'GET /^\\/r(.)$/')
  })

  test('an asynchronous handler is named, with its work below the server span', async () => {
    const { server, spans } = await requestingExpress(
      (app) =>
        app.get('/x/:id', async (_, response) => {
          await new Promise((resolve) => setTimeout(resolve, 5))
          tracedSpan('work', () => response.send('x'))
        }),
      '/x/1',
    )
    assert.equal(server.name, 'GET /x/:id')
    assert.equal(spans.find(({ name }) => name === 'work')!.parentSpanId, server.spanId)
  })

  test('without a route there is none', async () => {
    const { server, status } = await requestingExpress((app) => app.get('/x', () => {}), '/nothing')
    assert.equal(status, 404)
    assert.equal(server.name, 'GET')
    assert.equal(server.attributes['http.route'], undefined)
  })

  for (const [how, fail] of [
    [
      'thrown',
      () => {
        throw new TypeError('no such thing')
      },
    ],
    ['rejected', () => Promise.reject(new TypeError('no such thing'))],
  ] as const) {
    test(`an error that is ${how} is on the server span`, async () => {
      const { server, status } = await requestingExpress((app) => app.get('/x/:id', fail), '/x/1')
      assert.equal(status, 500)
      assert.equal(server.name, 'GET /x/:id')
      assert.deepEqual(server.status, { code: 2, message: 'no such thing' })
      assert.equal(server.attributes['error.type'], 'TypeError')
      assert.equal(server.events.length, 1)
    })
  }

  test('without express the name is the method', async () => {
    const { server } = await requestingExpress(
      (app) => app.get('/x/:id', (_, response) => void response.send('x')),
      '/x/1',
      {},
      { without: ['undici', 'express'] },
    )
    assert.equal(server.name, 'GET')
  })
})

suite('h3', () => {
  const requestingH3 = (build: (app: H3) => unknown, path: string) =>
    requesting(async () => {
      const app = new H3().register(h3Tracing())
      build(app)
      const server = serveH3(app, { port: 0, hostname: '127.0.0.1', silent: true })
      await server.ready()
      return { url: server.url!.replace(/\/$/, ''), stop: () => server.close(true) }
    }, path)

  test('a route with parameters is named by its template', async () => {
    const { server } = await requestingH3(
      (app) => app.get('/nodes/:id', (event) => tracedSpan('work', () => event.context.params?.id)),
      '/nodes/42',
    )
    assert.equal(server.name, 'GET /nodes/:id')
    assert.equal(server.attributes['http.route'], '/nodes/:id')
  })

  test('an error of a handler is on the server span', async () => {
    const { server, status } = await requestingH3(
      (app) =>
        app.get('/x/:id', () => {
          throw new TypeError('no such thing')
        }),
      '/x/1',
    )
    assert.equal(status, 500)
    assert.equal(server.name, 'GET /x/:id')
    assert.equal(server.attributes['error.type'], 'TypeError')
    assert.equal(server.status.code, 2)
  })

  test('an error that is the fault of the client is not', async () => {
    const { server, status } = await requestingH3(
      (app) =>
        app.get('/x', () => {
          throw new HTTPError({ status: 403 })
        }),
      '/x',
    )
    assert.equal(status, 403)
    assert.equal(server.status.code, 0)
  })
})

suite('srvx', () => {
  const requestingSrvx = (handler: (request: Request) => Response | Promise<Response>, path: string) =>
    requesting(async () => {
      const server = serve({
        fetch: handler,
        plugins: [srvxTracing()],
        port: 0,
        hostname: '127.0.0.1',
        silent: true,
      })
      await server.ready()
      return { url: server.url!.replace(/\/$/, ''), stop: () => server.close(true) }
    }, path)

  test('a request is a server span with what it does below it', async () => {
    const { server, spans } = await requestingSrvx(
      () => tracedSpan('work', () => new Response('hello')),
      '/x?y=1',
    )
    assert.equal(server.attributes['url.path'], '/x')
    assert.equal(spans.find(({ name }) => name === 'work')!.parentSpanId, server.spanId)
  })

  test('an error of the handler is on the server span', async () => {
    const { server, status } = await requestingSrvx(() => {
      throw new TypeError('no such thing')
    }, '/x')
    assert.equal(status, 500)
    assert.equal(server.attributes['error.type'], 'TypeError')
  })
})
