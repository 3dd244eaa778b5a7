/** Spans made through `@opentelemetry/api`, as a collector receives them. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { only } from './support/only.ts'
import { traced } from './support/traced.ts'

const tracer = () => trace.getTracer('api')
const unset = { code: 0, message: '' }

suite('starting spans', () => {
  test('startSpan starts a root without making it active', async () => {
    const { spans } = await traced(() => {
      const span = tracer().startSpan('lonely')
      assert.equal(trace.getActiveSpan(), undefined)
      span.end()
    })
    const span = only(spans, 'lonely')
    assert.equal(span.parentSpanId, '')
    assert.equal(span.kind, 1)
    assert.deepEqual(span.attributes, {})
    assert.deepEqual(span.status, unset)
    assert.ok(span.end >= span.start)
  })

  test('startActiveSpan takes a function, options and a context, and hands on what the function returns', async () => {
    const { named } = await traced(() => {
      const elsewhere = tracer().startSpan('elsewhere')
      const returned = tracer().startActiveSpan('outer', (outer) => {
        assert.equal(trace.getActiveSpan(), outer)
        const two = tracer().startActiveSpan('with options', { kind: SpanKind.CLIENT }, (span) => {
          span.end()
          return 2
        })
        const given = trace.setSpan(ROOT_CONTEXT, elsewhere)
        const three = tracer().startActiveSpan('with context', { attributes: { a: 1 } }, given, (span) => {
          span.end()
          return 3
        })
        outer.end()
        return [1, two, three]
      })
      assert.deepEqual(returned, [1, 2, 3])
      elsewhere.end()
    })
    assert.equal(named('with options').parentSpanId, named('outer').spanId)
    assert.equal(named('with options').kind, 3)
    assert.equal(named('with context').parentSpanId, named('elsewhere').spanId)
    assert.deepEqual(named('with context').attributes, { a: 1n })
  })

  test('startActiveSpan takes undefined for options and context, as the official tracer does', async () => {
    const { spans } = await traced(() => {
      const loose = tracer() as { startActiveSpan(...parts: unknown[]): unknown }
      loose.startActiveSpan('one', undefined, (span: Span) => span.end())
      loose.startActiveSpan('two', undefined, undefined, (span: Span) => span.end())
      loose.startActiveSpan('three', { kind: SpanKind.SERVER }, undefined, (span: Span) => span.end())
    })
    assert.deepEqual(
      spans.map((span) => span.name),
      ['one', 'two', 'three'],
    )
  })

  test('an error thrown in startActiveSpan passes through and the span stays open for its owner', async () => {
    let open: Span | undefined
    const { spans } = await traced(() => {
      const boom = new Error('boom')
      const run = () =>
        tracer().startActiveSpan('throws', (span) => {
          open = span
          throw boom
        })
      assert.throws(run, (thrown) => thrown === boom)
      assert.equal(open?.isRecording(), true)
      open?.end()
    })
    assert.deepEqual(only(spans, 'throws').status, unset)
  })

  test('root starts a trace of its own below an active span', async () => {
    const { named } = await traced(() => {
      tracer().startActiveSpan('parent', (parent) => {
        tracer().startSpan('new root', { root: true }).end()
        tracer().startSpan('child').end()
        parent.end()
      })
    })
    assert.equal(named('new root').parentSpanId, '')
    assert.notEqual(named('new root').traceId, named('parent').traceId)
    assert.equal(named('child').parentSpanId, named('parent').spanId)
    assert.equal(named('child').traceId, named('parent').traceId)
  })

  test('every kind of the API becomes its kind of OTLP, anything else internal', async () => {
    const kinds = [0, 1, 2, 3, 4, 5, -1, Number.NaN, undefined]
    const { spans } = await traced(() => {
      for (const kind of kinds)
        tracer()
          .startSpan('s', { kind: kind as SpanKind })
          .end()
    })
    assert.deepEqual(
      spans.map((span) => span.kind),
      [1, 2, 3, 4, 5, 1, 1, 1, 1],
    )
  })

  test('names are kept as they are: empty, long, of any script', async () => {
    const names = ['', 'ü', '商品', '🛒', 'x'.repeat(70_000), 'a\0b', 'line\nbreak']
    const { spans } = await traced(() => {
      for (const name of names) tracer().startSpan(name).end()
      const renamed = tracer().startSpan('before')
      renamed.updateName('after').end()
    })
    assert.deepEqual(
      spans.map((span) => span.name),
      [...names, 'after'],
    )
  })

  test('names that are no strings are made one, whatever they do', async () => {
    const { spans } = await traced(() => {
      const hostile = {
        toString() {
          throw new Error('no')
        },
      }
      for (const name of [42, undefined, Symbol('s'), Object.create(null), hostile]) {
        tracer()
          .startSpan(name as string)
          .updateName(name as string)
          .end()
      }
    })
    assert.deepEqual(
      spans.map((span) => span.name),
      ['42', 'undefined', 'Symbol(s)', '', ''],
    )
  })

  test('a tracer carries its name, version and schema URL as the scope, and is made once', async () => {
    const schemaUrl = 'https://opentelemetry.io/schemas/1.37.0'
    const { spans } = await traced(() => {
      const provider = trace.getTracerProvider()
      const one = provider.getTracer('lib', '1.2.3', { schemaUrl })
      one.startSpan('a').end()
      provider.getTracer('lib', '1.2.3').startSpan('b').end()
      provider.getTracer('lib').startSpan('c').end()
      provider.getTracer('').startSpan('d').end()
      provider.getTracer('lib', '1.2.3', { schemaUrl }).startSpan('e').end()
    })
    const scopes = Object.fromEntries(spans.map(({ name, scope }) => [name, scope]))
    assert.deepEqual(scopes.a, { name: 'lib', version: '1.2.3', schemaUrl })
    assert.deepEqual(scopes.b, { name: 'lib', version: '1.2.3', schemaUrl: '' })
    assert.deepEqual(scopes.c, { name: 'lib', version: '', schemaUrl: '' })
    assert.deepEqual(scopes.d, { name: '', version: '', schemaUrl: '' })
    assert.deepEqual(scopes.e, scopes.a)
  })
})

suite('status', () => {
  const statusAfter = async (set: (span: Span) => void) => {
    const { spans } = await traced(() => {
      const span = tracer().startSpan('s')
      set(span)
      span.end()
    })
    return spans[0]!.status
  }
  const { UNSET, OK, ERROR } = SpanStatusCode

  test('is what was set last: error after error', async () => {
    const status = await statusAfter((span) =>
      span.setStatus({ code: ERROR, message: 'first' }).setStatus({ code: ERROR, message: 'second' }),
    )
    assert.deepEqual(status, { code: 2, message: 'second' })
  })

  test('OK is final', async () => {
    const status = await statusAfter((span) =>
      span
        .setStatus({ code: ERROR, message: 'gone' })
        .setStatus({ code: OK })
        .setStatus({ code: ERROR, message: 'late' }),
    )
    assert.deepEqual(status, { code: 1, message: '' })
  })

  test('UNSET never takes an error back', async () => {
    const status = await statusAfter((span) =>
      span.setStatus({ code: ERROR, message: 'stays' }).setStatus({ code: UNSET }),
    )
    assert.deepEqual(status, { code: 2, message: 'stays' })
  })

  test('a message is only for errors', async () => {
    assert.deepEqual(await statusAfter((span) => span.setStatus({ code: OK, message: 'fine' })), {
      code: 1,
      message: '',
    })
  })

  test('what is no status is ignored', async () => {
    const status = await statusAfter((span) => {
      for (const wrong of [undefined, null, 2, {}, { code: 9 }, { code: 'ERROR' }]) {
        span.setStatus(wrong as { code: SpanStatusCode })
      }
    })
    assert.deepEqual(status, unset)
  })
})

suite('events', () => {
  test('carry a name, attributes and a time between start and end', async () => {
    const { named } = await traced(() => {
      const span = tracer().startSpan('s')
      span
        .addEvent('bare')
        .addEvent('with attributes', { n: 1, list: ['a', 'b'] })
        .addEvent('at', 1_700_000_000_000)
        .addEvent('both', { x: true }, [1_700_000_001, 5])
      span.end()
    })
    const span = named('s')
    const [bare, attributes, at, both] = span.events
    assert.deepEqual(
      span.events.map(({ name }) => name),
      ['bare', 'with attributes', 'at', 'both'],
    )
    assert.ok(bare!.time >= span.start && bare!.time <= span.end)
    assert.deepEqual(attributes!.attributes, { n: 1n, list: ['a', 'b'] })
    assert.equal(at!.time, 1_700_000_000_000_000_000n)
    assert.equal(both!.time, 1_700_000_001_000_000_005n)
    assert.deepEqual(both!.attributes, { x: true })
  })

  test('recordException is an event with type, message and stack trace', async () => {
    const error = new TypeError('not a function')
    const { named } = await traced(() => {
      const span = tracer().startSpan('s')
      span.recordException(error)
      span.recordException('just text')
      span.recordException({ code: 'ECONNRESET', name: 'Error', message: 'reset' }, 1_700_000_000_000)
      span.recordException({ name: 'OnlyAName' })
      span.end()
    })
    const { events, status } = named('s')
    assert.deepEqual(status, unset, 'recording an exception says nothing about the status')
    assert.ok(events.every(({ name }) => name === 'exception'))
    assert.deepEqual(events[0]!.attributes, {
      'exception.type': 'TypeError',
      'exception.message': 'not a function',
      'exception.stacktrace': error.stack,
    })
    assert.deepEqual(events[1]!.attributes, { 'exception.message': 'just text' })
    assert.deepEqual(events[2]!.attributes, {
      'exception.type': 'ECONNRESET',
      'exception.message': 'reset',
    })
    assert.equal(events[2]!.time, 1_700_000_000_000_000_000n)
    assert.deepEqual(events[3]!.attributes, { 'exception.type': 'OnlyAName' })
  })

  test('an exception that says nothing is not recorded', async () => {
    const { named } = await traced(() => {
      const span = tracer().startSpan('s')
      for (const nothing of [undefined, null, {}, 5]) span.recordException(nothing as unknown as string)
      span.end()
    })
    assert.deepEqual(named('s').events, [])
  })
})

suite('links', () => {
  const other = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 }

  test('come from the start options, addLink and addLinks, with attributes', async () => {
    const { named } = await traced(() => {
      const span = tracer().startSpan('s', { links: [{ context: other, attributes: { from: 'start' } }] })
      span.addLink({ context: { ...other, isRemote: true }, attributes: { from: 'addLink' } })
      span.addLinks([{ context: { ...other, traceFlags: 0 } }, { context: other }])
      span.end()
    })
    const { links } = named('s')
    assert.deepEqual(
      links.map(({ attributes, flags }) => [attributes, flags]),
      [
        [{ from: 'start' }, 0x101],
        [{ from: 'addLink' }, 0x301],
        [{}, 0x100],
        [{}, 0x101],
      ],
    )
    assert.ok(links.every(({ traceId, spanId }) => traceId === other.traceId && spanId === other.spanId))
  })

  test('carry the tracestate of what they link to', async () => {
    const { createTraceState } = await import('@opentelemetry/api')
    const { named } = await traced(() => {
      const traceState = createTraceState('a=1,b=2')
      tracer()
        .startSpan('s', { links: [{ context: { ...other, traceState } }] })
        .end()
    })
    assert.equal(named('s').links[0]!.traceState, 'a=1,b=2')
  })

  test('what is no link is left out and the span stays', async () => {
    const { named } = await traced(() => {
      const wrong = [undefined, null, 1, {}, { context: {} }, { context: { traceId: 'xyz', spanId: '' } }]
      const span = tracer().startSpan('s', { links: wrong as never })
      for (const link of wrong) span.addLink(link as never)
      span.addLinks(wrong as never)
      span.addLinks(undefined as never)
      span.end()
    })
    assert.deepEqual(named('s').links, [])
  })
})

suite('ending', () => {
  test('a span is exported once, however often it ends', async () => {
    const { spans, ledger } = await traced(() => {
      const span = tracer().startSpan('s')
      span.end()
      span.end()
      span.end(1_700_000_000_000)
    })
    assert.equal(spans.length, 1)
    assert.equal(ledger.created, 1)
  })

  test('nothing changes a span after its end', async () => {
    const { spans } = await traced(() => {
      const span = tracer().startSpan('s', { attributes: { a: 1 } })
      span.end()
      assert.equal(span.isRecording(), false)
      span.setAttribute('late', 1).setAttributes({ later: 2 }).addEvent('late').updateName('late')
      span.addLink({ context: span.spanContext() }).addLinks([{ context: span.spanContext() }])
      span.setStatus({ code: SpanStatusCode.ERROR }).recordException('late')
      tracer().startSpan('next').end()
    })
    const { name, attributes, events, links, status } = only(spans, 's')
    assert.deepEqual(
      { name, attributes, events, links, status },
      { name: 's', attributes: { a: 1n }, events: [], links: [], status: unset },
    )
    assert.deepEqual(only(spans, 'next').attributes, {}, 'late changes do not reach the next span either')
  })

  test('a span that never ends is never exported', async () => {
    const { spans, ledger } = await traced(() => {
      tracer().startSpan('open')
      tracer().startSpan('closed').end()
    })
    assert.deepEqual(
      spans.map((span) => span.name),
      ['closed'],
    )
    assert.equal(ledger.created, 1)
  })

  test('a child may outlive its parent and start after it', async () => {
    const { named } = await traced(() => {
      const parent = tracer().startSpan('parent')
      const below = trace.setSpan(context.active(), parent)
      const early = tracer().startSpan('early', {}, below)
      parent.end()
      const late = tracer().startSpan('late', {}, below)
      early.end()
      late.end()
    })
    assert.equal(named('early').parentSpanId, named('parent').spanId)
    assert.equal(named('late').parentSpanId, named('parent').spanId)
    assert.equal(named('late').traceId, named('parent').traceId)
  })
})
