/** Capturing: which spans a test gets, whatever else runs in the process and whatever the application does with its tracing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, mock, suite, test } from 'node:test'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { correlate, initTracing, OtelConfig, shutdown, traced, tracedSpan } from '../../src/index.ts'
import { captureSpans, startCapture } from '../../src/testing/index.ts'
import { startCollector } from '../support/collector.ts'

const names = (spans: Iterable<{ readonly name: string }>) => [...spans].map(({ name }) => name)
const span = (name: string) => tracedSpan(name, () => {})

suite('a capture', () => {
  test('holds what was made of a span, read from its bytes', async () => {
    const spans = await captureSpans(() => {
      const link = { context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 } }
      const attributes = {
        text: 'a',
        whole: 3,
        fraction: 0.5,
        yes: true,
        list: ['x', 'y'],
        'url.full': 'https://u:p@h/?token=abc',
      }
      tracedSpan('made', attributes, { kind: SpanKind.PRODUCER, links: [link] }, (made) => {
        made.addEvent('happened', { n: 1 })
        made.setStatus({ code: SpanStatusCode.ERROR, message: 'no' })
        made.setAttribute('big', (2n ** 60n) as unknown as number)
      })
    })
    const made = spans.only({ name: 'made' })
    const { 'url.full': url, ...others } = made.attributes
    assert.deepEqual(others, {
      text: 'a',
      whole: 3,
      fraction: 0.5,
      yes: true,
      list: ['x', 'y'],
      big: 2n ** 60n,
    })
    assert.ok(!String(url).includes('abc'), 'secrets are taken out as they are in production')
    assert.deepEqual([made.kind, made.status, made.statusMessage], ['producer', 'error', 'no'])
    assert.deepEqual(
      made.events.map(({ name, attributes }) => ({ name, attributes })),
      [{ name: 'happened', attributes: { n: 1 } }],
    )
    assert.deepEqual(made.links, [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), attributes: {} }])
    assert.match(made.traceId, /^[0-9a-f]{32}$/)
    assert.equal(made.scope.name, '@rustok/telemetry')
    assert.ok(made.durationMs >= 0 && made.end >= made.start)
  })

  test('holds the tree, by the start of the spans', async () => {
    const spans = await captureSpans(async () => {
      await tracedSpan('root', async () => {
        await Promise.all([
          tracedSpan('first', async () => span('below')),
          tracedSpan('second', async () => {}),
        ])
      })
      span('other')
    })
    assert.equal(spans.tree(), 'root\n  first\n    below\n  second\nother')
    assert.deepEqual(names(spans), ['root', 'first', 'below', 'second', 'other'])
    assert.deepEqual(names(spans.roots), ['root', 'other'])
    assert.equal(spans.length, 5)
  })

  test('passes the error of the work on, and lets go', async () => {
    const error = new Error('the work')
    await assert.rejects(
      captureSpans(() => Promise.reject(error)),
      (thrown) => thrown === error,
    )
    assert.equal(trace.getTracer('t').startSpan('s').isRecording(), false)
  })

  test('leaves nothing registered, and starts again', async () => {
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(names(await captureSpans(() => span(`s${i}`))), [`s${i}`])
      assert.equal(trace.getTracer('t').startSpan('s').isRecording(), false)
      assert.deepEqual(propagation.fields(), [])
      context.with(context.active().setValue(Symbol('k'), 1), () =>
        assert.equal(context.active().getValue(Symbol('k')), undefined),
      )
    }
  })

  test('waits for spans that end after the work', async () => {
    const spans = await captureSpans(() => {
      tracedSpan('late', () => new Promise((resolve) => setTimeout(resolve, 30)))
    })
    assert.deepEqual(names(spans), ['late'])
    assert.equal(spans.unended, 0)
  })

  test('does not wait for ever, and counts what has not ended', async () => {
    const spans = await captureSpans(
      () => {
        trace.getTracer('t').startSpan('never')
        span('ended')
      },
      { settleMs: 20 },
    )
    assert.deepEqual(names(spans), ['ended'])
    assert.equal(spans.unended, 1)
  })

  test('needs no clock: timers that a test has replaced stand still', async () => {
    mock.timers.enable()
    try {
      const spans = await captureSpans(
        () => {
          span('s')
          trace.getTracer('t').startSpan('never')
        },
        { settleMs: 5 },
      )
      assert.deepEqual(names(spans), ['s'])
    } finally {
      mock.timers.reset()
    }
  })

  test('holds tenant and user', async () => {
    const spans = await captureSpans(() => correlate({ tenantId: 'acme', userId: 'ann' }, () => span('s')))
    assert.deepEqual(spans.only({ name: 's' }).attributes, { tenant_id: 'acme', user_id: 'ann' })
  })

  test('takes spans of tracers that were got before it, and of wrapped functions', async () => {
    const early = trace.getTracer('early')
    const work = traced('wrapped', () => early.startSpan('early').end())
    for (let i = 0; i < 2; i++) assert.equal((await captureSpans(work)).tree(), 'wrapped\n  early')
  })
})

suite('several captures at once', () => {
  test('each has the traces that began in it', async () => {
    const captured = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        captureSpans(async () => {
          await new Promise((resolve) => setTimeout(resolve, i % 3))
          await tracedSpan(`root${i}`, async () => {
            await new Promise((resolve) => setTimeout(resolve, 2))
            span(`child${i}`)
          })
        }),
      ),
    )
    for (const [i, spans] of captured.entries()) assert.equal(spans.tree(), `root${i}\n  child${i}`)
  })

  test('one inside the other: each takes what began directly in it', async () => {
    let inner = ''
    const outer = await captureSpans(async () => {
      span('before')
      inner = (await captureSpans(() => span('inside'))).tree()
      span('after')
    })
    assert.equal(inner, 'inside')
    assert.equal(outer.tree(), 'before\nafter')
  })
})

suite('a server that listens for longer', () => {
  let server: Server
  let url = ''
  before(async () => {
    server = createServer((_, response) => {
      span('work')
      response.end('done')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.close()
    server.closeAllConnections()
  })

  const ask = (path: string) => async () => void (await (await fetch(url + path)).text())

  test('its spans belong to the capture of the request that asks it', async () => {
    const captured = await Promise.all(['/a', '/b', '/c'].map((path) => captureSpans(ask(path))))
    for (const [i, spans] of captured.entries()) {
      assert.equal(spans.tree(['url.path']), `GET [client]\n  GET [server] {url.path=/${'abc'[i]}}\n    work`)
    }
  })

  test('a request that brings no trace belongs to the only capture there is', async () => {
    using capture = startCapture()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.end('GET /alone HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').resume()
    await once(socket, 'close')
    const spans = await capture.spans()
    assert.equal(spans.tree(['url.path']), 'GET [server] {url.path=/alone}\n  work')
  })
})

suite("the application's own tracing", () => {
  const config = (endpoint: string, fields = {}) => new OtelConfig({ endpoint, logLevel: 'none', ...fields })

  test('started before: what is captured is not exported, the rest is; its sampling does not count', async () => {
    const collector = await startCollector()
    const tracing = await initTracing(config(collector.endpoint))
    try {
      span('before')
      const spans = await captureSpans(() => span('captured'))
      span('after')
      await tracing.forceFlush()
      assert.deepEqual(names(spans), ['captured'])
      assert.deepEqual(names(collector.spans()), ['before', 'after'])
      assert.equal(tracing.ledger().created, 2)
    } finally {
      await tracing.shutdown()
      collector.stop()
    }
  })

  test('started with nothing sampled: captured all the same', async () => {
    const tracing = await initTracing(config('http://127.0.0.1:9', { samplingRate: 0 }))
    assert.deepEqual(names(await captureSpans(() => span('s'))), ['s'])
    await tracing.shutdown()
  })

  test('switched off: captured all the same, and off again afterwards', async () => {
    const tracing = await initTracing(config('http://127.0.0.1:9', { enabled: false }))
    assert.deepEqual(names(await captureSpans(() => span('s'))), ['s'])
    assert.equal(trace.getTracer('t').startSpan('s').isRecording(), false)
    assert.deepEqual(names(await captureSpans(() => span('s'))), ['s'])
    await tracing.shutdown()
  })

  test('started and stopped inside: captured from the first span to the last', async () => {
    const collector = await startCollector()
    const spans = await captureSpans(async () => {
      span('one')
      await initTracing(config(collector.endpoint))
      span('two')
      await assert.rejects(initTracing(), { code: 'ALREADY_INITIALIZED' })
      span('three')
      await shutdown()
      span('four')
      await initTracing(config(collector.endpoint))
      span('five')
    })
    assert.deepEqual(names(spans), ['one', 'two', 'three', 'four', 'five'])
    span('exported')
    await shutdown()
    assert.deepEqual(names(collector.spans()), ['exported'])
    collector.stop()
  })
})

suite('startCapture', () => {
  test('captures until it is stopped', async () => {
    const capture = startCapture()
    span('one')
    assert.deepEqual(names(await capture.spans()), ['one'])
    span('two')
    assert.deepEqual(names(await capture.spans()), ['one', 'two'])
    capture.stop()
    span('three')
    assert.deepEqual(names(await capture.spans()), ['one', 'two'])
    capture.stop()
  })
})

suite('looking for spans', () => {
  const captured = captureSpans(() => {
    tracedSpan('a', { n: 1, who: 'ann' }, () => {})
    tracedSpan('a', { n: 2 }, { kind: SpanKind.CLIENT }, () => {})
  })

  test('find, filter and only take what is given into account', async () => {
    const spans = await captured
    assert.equal(spans.find({ name: 'a' })?.attributes.n, 1)
    assert.equal(spans.find({ name: /^A$/i, attributes: { n: 2 } })?.kind, 'client')
    assert.equal(spans.find({ name: 'b' }), undefined)
    assert.equal(spans.filter({ attributes: { n: (n) => Number(n) > 0 } }).length, 2)
    assert.equal(spans.filter({ attributes: { who: /nn/ } }).length, 1)
    assert.equal(spans.filter({ attributes: { n: '1' } }).length, 0)
    assert.equal(spans.only({ kind: 'client' }).attributes.n, 2)
  })

  test('only shows the tree when there is none, or more than one', async () => {
    const spans = await captured
    assert.throws(
      () => spans.only({ name: 'a' }),
      /^Error: 2 spans match {"name":"a"}; captured were:\n\na\na \[client\]\n$/,
    )
    assert.throws(() => spans.only({ name: 'b' }), /No span matches {"name":"b"}/)
  })
})
