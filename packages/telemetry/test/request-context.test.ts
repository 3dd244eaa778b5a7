/** The context of a request to a real Node HTTP server: it reaches all that belongs to the request, and nothing else; a client that hangs up ends it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type RequestListener, request } from 'node:http'
import { suite, test } from 'node:test'
import { context, trace } from '@opentelemetry/api'
import { correlate, logFields } from '../src/correlate.ts'
import { tracedSpan } from '../src/traced-span.ts'
import type { ReceivedSpan } from './support/decode.ts'
import { openRaw } from './support/raw-http.ts'
import { get, line, ok, serving, sleep } from './support/serving.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

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
