/** Spans without an end and without a bound: what is never ended is let go of, what is added without end is counted, ending twice is ending once. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Link, trace } from '@opentelemetry/api'
import { traced } from '../support/traced.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const tracer = () => trace.getTracer('endless')

suite('spans that never end', () => {
  for (const [what, config] of [
    ['', {}],
    [' with tail sampling', { tailSampling: true }],
    [' with span metrics', { spanMetrics: true }],
  ] as const) {
    test(`are collected with what they hold${what}, and are no part of the ledger`, async () => {
      const count = 20_000
      let collected = 0
      const registry = new FinalizationRegistry<void>(() => collected++)
      const { ledger, spans } = await traced(
        async () => {
          for (let i = 0; i < count; i++) {
            const span = tracer().startActiveSpan('never ended', { attributes: { i } }, (span) => {
              tracer()
                .startSpan('child, never ended')
                .addEvent('e', { i })
                .addLink({ context: span.spanContext() })
              return span
            })
            registry.register(span)
            if (i % 1000 === 0) await setImmediate()
          }
          tracer().startSpan('ended').end()
          // Finalisation takes turns of its own, and the last ones may still be held by registers.
          for (let round = 0; round < 100 && collected < count - 100; round++) {
            collectGarbage()
            await setImmediate()
          }
        },
        { config },
      )
      assert.ok(collected >= count - 100, `${collected} of ${count}`)
      assert.equal(ledger.created, 1)
      assert.ok(spans.length <= 1)
    })
  }

  test('and whose plugs have seen them start are collected as well', async () => {
    const count = 5000
    let collected = 0
    const registry = new FinalizationRegistry<void>(() => collected++)
    const processor = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} }
    await traced(
      async () => {
        for (let i = 0; i < count; i++) registry.register(tracer().startSpan('never ended'))
        for (let round = 0; round < 100 && collected < count - 100; round++) {
          collectGarbage()
          await setImmediate()
        }
      },
      { spanProcessors: [processor] },
    )
    assert.ok(collected >= count - 100, `${collected} of ${count}`)
  })
})

suite('one span with', () => {
  const link = (i: number): Link => ({
    context: { traceId: i.toString(16).padStart(32, '1'), spanId: 'cd'.repeat(8), traceFlags: 1 },
    attributes: { i },
  })

  test('100,000 links, added one by one, all at once and at the start, keeps 128 and counts the rest', async () => {
    const links = Array.from({ length: 100_000 }, (_, i) => link(i))
    const { spans } = await traced(() => {
      const one = tracer().startSpan('s')
      for (const each of links) one.addLink(each)
      one.end()
      tracer().startSpan('s').addLinks(links).end()
      tracer().startSpan('s', { links }).end()
    })
    assert.deepEqual(
      spans.map((span) => [span.links.length, span.droppedLinks]),
      [
        [128, 99_872],
        [128, 99_872],
        [128, 99_872],
      ],
    )
  })

  test('a million events holds no more than those it keeps', async () => {
    const { spans } = await traced(() => {
      const span = tracer().startSpan('s')
      const payload = 'x'.repeat(1000)
      for (let i = 0; i < 1000; i++) span.addEvent('e', { payload })
      collectGarbage()
      const before = process.memoryUsage().heapUsed
      for (let i = 0; i < 1_000_000; i++) span.addEvent('e', { payload, i })
      collectGarbage()
      const grown = process.memoryUsage().heapUsed - before
      assert.ok(grown < 10_000_000, `${grown} bytes`)
      span.end()
    })
    assert.deepEqual([spans[0]!.events.length, spans[0]!.droppedEvents], [128, 1_000_872])
  })

  test('ends a thousand times is delivered and counted once', async () => {
    const { spans, ledger } = await traced(async (tracing) => {
      const span = tracer().startSpan('s')
      for (let i = 0; i < 500; i++) span.end()
      await tracing.forceFlush()
      for (let i = 0; i < 500; i++) span.end()
    })
    assert.deepEqual([spans.length, ledger.created, ledger.exported], [1, 1, 1])
  })
})
