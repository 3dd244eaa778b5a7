/** Who a span is and whose child: ids, flags, tracestate, parents of ours, of other SDKs and from afar. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Context,
  context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api'
import { suppressTracing } from '@opentelemetry/core'
import { TracerProvider as OfficialProvider, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { traced } from './support/traced.ts'

const tracer = () => trace.getTracer('identity')
const remote: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
}
const below = (parent: SpanContext): Context => trace.setSpanContext(ROOT_CONTEXT, parent)

suite('ids', () => {
  test('are valid, unique, and what the span context says is what arrives', async () => {
    const contexts: SpanContext[] = []
    const { spans } = await traced(() => {
      for (let i = 0; i < 2000; i++) {
        const span = tracer().startSpan('s')
        contexts.push(span.spanContext())
        span.end()
      }
    })
    assert.ok(contexts.every((one) => trace.isSpanContextValid(one)))
    assert.equal(new Set(contexts.map(({ traceId }) => traceId)).size, 2000)
    assert.equal(new Set(contexts.map(({ spanId }) => spanId)).size, 2000)
    assert.deepEqual(
      spans.map(({ traceId, spanId }) => ({ traceId, spanId })),
      contexts.map(({ traceId, spanId }) => ({ traceId, spanId })),
    )
  })

  test('every bit of a trace id and every bit but the last of a span id is random', async () => {
    const count = 4000
    const { spans } = await traced(() => {
      for (let i = 0; i < count; i++) tracer().startSpan('s').end()
    })
    const share = (ids: readonly string[], bit: number) => {
      const set = ids.filter((id) => (Number.parseInt(id[bit >> 2]!, 16) >> (3 - (bit & 3))) & 1).length
      return set / count
    }
    // 0.44 to 0.56 is more than seven standard deviations of 4,000 coin tosses.
    const random = (value: number) => value > 0.44 && value < 0.56
    const traceIds = spans.map(({ traceId }) => traceId)
    const spanIds = spans.map(({ spanId }) => spanId)
    for (let bit = 0; bit < 128; bit++) assert.ok(random(share(traceIds, bit)), `bit ${bit} of trace ids`)
    for (let bit = 0; bit < 63; bit++) assert.ok(random(share(spanIds, bit)), `bit ${bit} of span ids`)
  })

  test('a root is sampled and says that its id is random; the flags arrive with "parent is local"', async () => {
    const { spans } = await traced(() => {
      const span = tracer().startSpan('s')
      assert.equal(span.spanContext().traceFlags, 0x03)
      assert.equal(span.spanContext().isRemote ?? false, false)
      span.end()
    })
    assert.equal(spans[0]!.flags, 0x103)
  })

  test('a span context stays the same object of the same values after the end', async () => {
    await traced(() => {
      const span = tracer().startSpan('s')
      const before = { ...span.spanContext() }
      span.end()
      assert.deepEqual({ ...span.spanContext() }, before)
      assert.equal(span.spanContext(), span.spanContext())
    })
  })
})

suite('parents', () => {
  test('a remote parent gives its trace id, and the span says that it is remote', async () => {
    const { spans } = await traced(() => tracer().startSpan('s', {}, below(remote)).end())
    const { traceId, parentSpanId, flags } = spans[0]!
    assert.deepEqual([traceId, parentSpanId, flags], [remote.traceId, remote.spanId, 0x301])
  })

  test('the random flag is inherited when the parent has it, and not invented', async () => {
    const { spans } = await traced(() => {
      tracer()
        .startSpan('random', {}, below({ ...remote, traceFlags: 3 }))
        .end()
      tracer()
        .startSpan('not', {}, below({ ...remote, traceFlags: 1 }))
        .end()
    })
    assert.deepEqual(
      spans.map(({ flags }) => flags & 0xff),
      [3, 1],
    )
  })

  test('ids with the highest bits set survive', async () => {
    const parent = { ...remote, traceId: 'f'.repeat(32), spanId: '8'.repeat(16) }
    const { spans } = await traced(() => tracer().startSpan('s', {}, below(parent)).end())
    assert.deepEqual([spans[0]!.traceId, spans[0]!.parentSpanId], [parent.traceId, parent.spanId])
  })

  test('an unsampled parent gives a span that does not record, in the same trace', async () => {
    const { spans, ledger } = await traced(() => {
      const parent = below({ ...remote, traceFlags: 2 })
      tracer().startActiveSpan('s', {}, parent, (span) => {
        assert.equal(span.isRecording(), false)
        const { traceId, spanId, traceFlags } = span.spanContext()
        assert.equal(traceId, remote.traceId)
        assert.notEqual(spanId, remote.spanId)
        assert.equal(traceFlags, 2)
        assert.equal(trace.getActiveSpan(), span)
        const child = tracer().startSpan('child')
        assert.equal(child.isRecording(), false)
        assert.equal(child.spanContext().traceId, remote.traceId)
        for (const one of [child, span]) useEverything(one)
      })
    })
    assert.equal(spans.length, 0)
    assert.equal(ledger.created, 0)
  })

  for (const [what, invalid] of [
    ['zero ids', { ...remote, traceId: '0'.repeat(32), spanId: '0'.repeat(16) }],
    ['a zero span id', { ...remote, spanId: '0'.repeat(16) }],
    ['ids that are no hex', { ...remote, traceId: 'x'.repeat(32) }],
    ['short ids', { ...remote, traceId: 'abc' }],
  ] as const) {
    test(`a parent of ${what} is no parent`, async () => {
      const { spans } = await traced(() => tracer().startSpan('s', {}, below(invalid)).end())
      assert.equal(spans[0]!.parentSpanId, '')
      assert.notEqual(spans[0]!.traceId, invalid.traceId)
    })
  }

  test("a span of another SDK is a parent like one's own, and the other way round", async () => {
    const official = new OfficialProvider().getTracer('official')
    const theirs = official.startSpan('theirs').spanContext()
    let theirChild: ReadableSpan | undefined
    const { named } = await traced(() => {
      const ours = tracer().startSpan('ours', {}, below(theirs))
      const inOurs = trace.setSpan(ROOT_CONTEXT, ours)
      theirChild = official.startSpan('their child', {}, inOurs) as unknown as ReadableSpan
      tracer()
        .startSpan('below', {}, trace.setSpan(inOurs, theirChild as unknown as Span))
        .end()
      ours.end()
    })
    assert.equal(named('ours').traceId, theirs.traceId)
    assert.equal(named('ours').parentSpanId, theirs.spanId)
    assert.equal(theirChild?.parentSpanContext?.spanId, named('ours').spanId)
    assert.equal(named('below').parentSpanId, theirChild?.spanContext().spanId)
    assert.equal(named('below').traceId, theirs.traceId)
  })

  test('a parent whose spanContext throws is no parent', async () => {
    const broken = {
      spanContext() {
        throw new Error('no')
      },
    } as unknown as Span
    const { spans } = await traced(() =>
      tracer().startSpan('s', {}, trace.setSpan(ROOT_CONTEXT, broken)).end(),
    )
    assert.equal(spans[0]!.parentSpanId, '')
  })
})

suite('tracestate', () => {
  test('is inherited from a remote parent by every span below it', async () => {
    const parent = below({
      ...remote,
      traceState: createTraceState('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'),
    })
    const { spans } = await traced(() => {
      tracer().startActiveSpan('a', {}, parent, (a) => {
        const b = tracer().startSpan('b')
        assert.equal(b.spanContext().traceState?.get('rojo'), '00f067aa0ba902b7')
        b.end()
        a.end()
      })
    })
    assert.deepEqual(
      spans.map(({ traceState }) => traceState),
      Array(2).fill('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'),
    )
  })

  test('is inherited by spans that do not record', async () => {
    await traced(() => {
      const parent = below({ ...remote, traceFlags: 0, traceState: createTraceState('a=1') })
      assert.equal(tracer().startSpan('s', {}, parent).spanContext().traceState?.serialize(), 'a=1')
    })
  })

  test('of another vendor that throws is left out of the span', async () => {
    const traceState = {
      ...createTraceState('a=1'),
      serialize() {
        throw new Error('no')
      },
    } as unknown as NonNullable<SpanContext['traceState']>
    const { spans, ledger } = await traced(() =>
      tracer()
        .startSpan('s', {}, below({ ...remote, traceState }))
        .end(),
    )
    assert.equal(spans[0]!.traceState, '')
    assert.equal(ledger.exported, 1)
  })
})

suite('suppressed tracing', () => {
  test('starts spans that do not record and belong to no trace of their own', async () => {
    const { spans } = await traced(() => {
      const span = tracer().startSpan('s', {}, suppressTracing(ROOT_CONTEXT))
      assert.equal(span.isRecording(), false)
      useEverything(span)
      context.with(suppressTracing(context.active()), () => tracer().startActiveSpan('t', useEverything))
    })
    assert.deepEqual(spans, [])
  })

  test('ends where its context ends', async () => {
    const { spans } = await traced(() => {
      tracer().startActiveSpan('outer', (outer) => {
        context.with(suppressTracing(context.active()), () => tracer().startSpan('hidden').end())
        tracer().startSpan('seen').end()
        outer.end()
      })
    })
    assert.deepEqual(
      spans.map(({ name }) => name),
      ['seen', 'outer'],
    )
  })
})

function useEverything(span: Span): void {
  span.setAttribute('a', 1).setAttributes({ b: 2 }).addEvent('e').updateName('n').setStatus({ code: 2 })
  span
    .addLink({ context: remote })
    .addLinks([{ context: remote }])
    .recordException('x')
  span.end()
  span.end()
}

test('an unsampled span has one id of its own, whoever asks first: it, a child, or the header', async () => {
  await traced(
    () => {
      const ids = new Set<string>()
      for (const askFirst of [true, false]) {
        const span = tracer().startSpan('unsampled', { root: true })
        if (askFirst) ids.add(span.spanContext().spanId)
        const under = trace.setSpan(ROOT_CONTEXT, span)
        const headers: Record<string, string> = {}
        propagation.inject(under, headers)
        const child = tracer().startSpan('child', {}, under)
        const { traceId, spanId } = span.spanContext()
        assert.match(spanId, /^(?!0{16})[0-9a-f]{16}$/)
        assert.equal(headers.traceparent, `00-${traceId}-${spanId}-02`)
        assert.equal(child.spanContext().traceId, traceId)
        ids.add(spanId).add(child.spanContext().spanId)
      }
      assert.equal(ids.size, 4)
    },
    { config: { samplingRate: 0 } },
  )
})
