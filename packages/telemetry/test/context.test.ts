/** The active context: through everything asynchronous, with its values, and never further than it belongs. */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter, on, once } from 'node:events'
import { Readable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { type Context, context, createContextKey, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { isTracingSuppressed, suppressTracing } from '@opentelemetry/core'
import { encodeResource } from '@rustok/otlp'
import { OtelConfig } from '../src/config.ts'
import { correlate, logFields } from '../src/correlate.ts'
import { Pipeline } from '../src/export/pipeline.ts'
import { TraceIdRatioSampler } from '../src/sample/trace-id-ratio-sampler.ts'
import { TracerProvider } from '../src/trace/tracer-provider.ts'
import { initTracing, shutdown } from '../src/tracing.ts'
import { only } from './support/only.ts'
import { traced } from './support/traced.ts'

const key = createContextKey('a test value')
const holding = (value: unknown): Context => ROOT_CONTEXT.setValue(key, value)
const active = (): unknown => context.active().getValue(key)
const sleep = () => new Promise((resolve) => setTimeout(resolve, 1))

suite('with', () => {
  before(() => initTracing(new OtelConfig({ logLevel: 'none' })))
  after(shutdown)

  test('makes a context active for a call, nested ones too, and back again when it throws', () => {
    assert.equal(active(), undefined)
    context.with(holding(1), () => {
      assert.equal(active(), 1)
      assert.throws(() =>
        context.with(holding(2), () => {
          assert.equal(active(), 2)
          throw new Error('out')
        }),
      )
      assert.equal(active(), 1)
    })
    assert.equal(active(), undefined)
  })

  test('hands on this, the arguments and the result', () => {
    class Counter {
      count = 40
      add(this: Counter, a: number, b: number) {
        return [this.count + a + b, active()]
      }
    }
    const counter = new Counter()
    assert.deepEqual(context.with(holding('x'), counter.add, counter, 1, 1), [42, 'x'])
    const seen = context.with(holding(1), function (this: unknown, ...rest: unknown[]) {
      return [this ?? 'nothing', rest]
    })
    assert.deepEqual(seen, ['nothing', []])
  })

  test('follows promises, timers, immediates, ticks, microtasks and awaits', async () => {
    await context.with(holding('deep'), async () => {
      const seen: unknown[] = []
      const see = () => void seen.push(active())
      await Promise.resolve().then(see)
      await sleep().then(see)
      await new Promise<void>((resolve) => setImmediate(() => resolve(see())))
      await new Promise<void>((resolve) => process.nextTick(() => resolve(see())))
      await new Promise<void>((resolve) => queueMicrotask(() => resolve(see())))
      const interval = await new Promise<NodeJS.Timeout>((resolve) => {
        const timer = setInterval(() => {
          see()
          resolve(timer)
        }, 1)
      })
      clearInterval(interval)
      for await (const _ of Readable.from(['a', 'b'])) see()
      await Promise.reject(new Error('x')).catch(see)
      assert.deepEqual(seen, Array(9).fill('deep'))
    })
    assert.equal(active(), undefined)
  })

  test('keeps concurrent work apart', async () => {
    const work = (name: string) =>
      context.with(holding(name), async () => {
        for (let i = 0; i < 5; i++) {
          await sleep()
          assert.equal(active(), name)
        }
      })
    await Promise.all(['a', 'b', 'c'].map(work))
  })
})

suite('bind', () => {
  before(() => initTracing(new OtelConfig({ logLevel: 'none' })))
  after(shutdown)

  test('a bound function runs in its context with this, arguments and result, and keeps its name and length', () => {
    function sum(this: { base: number }, a: number, b: number) {
      return [this.base + a + b, active()]
    }
    const bound = context.bind(holding('bound'), sum)
    assert.deepEqual(bound.call({ base: 1 }, 2, 3), [6, 'bound'])
    context.with(holding('caller'), () => assert.deepEqual(bound.call({ base: 0 }, 0, 0), [0, 'bound']))
    assert.equal(bound.length, 2)
    assert.equal(bound.name, 'sum')
  })

  test('listeners added to a bound emitter run in its context, whoever emits', () => {
    const emitter = new EventEmitter()
    const seen: unknown[] = []
    const see = function (this: EventEmitter, ...args: unknown[]) {
      seen.push([active(), this === emitter, ...args])
    }
    emitter.on('e', see)
    assert.equal(context.bind(holding('bound'), emitter), emitter)
    emitter
      .on('e', see)
      .once('e', see)
      .addListener('e', see)
      .prependListener('e', see)
      .prependOnceListener('e', see)
    context.with(holding('emitter'), () => emitter.emit('e', 1))
    const bound = ['bound', true, 1]
    assert.deepEqual(seen, [bound, bound, ['emitter', true, 1], bound, bound, bound])
    seen.length = 0
    emitter.emit('e', 2)
    assert.equal(seen.length, 4, 'once means once')
  })

  test('listeners of a bound emitter can be removed, however they were added', () => {
    const emitter = context.bind(holding('bound'), new EventEmitter())
    const listener = () => assert.fail('was removed')
    for (const add of ['on', 'addListener', 'prependListener', 'once', 'prependOnceListener'] as const) {
      for (const remove of ['off', 'removeListener'] as const) {
        emitter[add]('e', listener)
        assert.equal(emitter.listenerCount('e'), 1, add)
        emitter[remove]('e', listener)
        assert.equal(emitter.listenerCount('e'), 0, `${add}, then ${remove}`)
      }
    }
    emitter.on('e', listener)
    emitter.removeAllListeners('e')
    emitter.emit('e')
  })

  test('a bound emitter tells of its listeners as they were added', () => {
    const emitter = context.bind(holding('bound'), new EventEmitter())
    const listener = () => {}
    emitter.on('e', listener).once('e', listener)
    assert.deepEqual(emitter.listeners('e'), [listener, listener])
    assert.equal(emitter.listenerCount('e', listener), 2)
  })

  test('node:events helpers work on a bound emitter', async () => {
    const emitter = context.bind(holding('bound'), new EventEmitter())
    setImmediate(() => emitter.emit('ready', 7))
    assert.deepEqual(await once(emitter, 'ready'), [7])
    assert.equal(emitter.listenerCount('ready') + emitter.listenerCount('error'), 0)
    const stop = new AbortController()
    const events = on(emitter, 'item', { signal: stop.signal })
    emitter.emit('item', 1)
    assert.deepEqual((await events.next()).value, [1])
    await events.return?.()
    assert.equal(emitter.listenerCount('item'), 0)
  })

  test('binding twice wraps once, and what is neither function nor emitter comes back as it is', () => {
    const emitter = new EventEmitter()
    context.bind(holding(1), context.bind(holding(2), emitter))
    let calls = 0
    emitter.on('e', () => {
      calls++
      assert.equal(active(), 2)
    })
    emitter.emit('e')
    assert.equal(calls, 1)
    for (const plain of [{}, 5, 'text', null, undefined]) assert.equal(context.bind(holding(1), plain), plain)
  })
})

suite('values of a context', () => {
  const other = createContextKey('another')

  test('a context is immutable: set and deleted values make new ones', async () => {
    await traced(() => {
      const empty = context.active()
      const one = empty.setValue(key, 1)
      const two = one.setValue(other, 2)
      const less = two.deleteValue(key)
      const values = (of: Context) => [of.getValue(key), of.getValue(other)]
      assert.deepEqual([empty, one, two, less].map(values), [
        [undefined, undefined],
        [1, undefined],
        [1, 2],
        [undefined, 2],
      ])
      assert.deepEqual(values(less.deleteValue(other)), [undefined, undefined])
      assert.deepEqual(values(less.deleteValue(key)), [undefined, 2])
      assert.equal(two.setValue(key, undefined).getValue(key), undefined)
    })
  })

  test('the span can be set and deleted as any value', async () => {
    await traced(() => {
      const span = trace.getTracer('c').startSpan('s')
      const withSpan = trace.setSpan(context.active().setValue(key, 1), span)
      assert.equal(trace.getSpan(withSpan), span)
      assert.equal(trace.getSpan(trace.deleteSpan(withSpan)), undefined)
      assert.equal(trace.deleteSpan(withSpan).getValue(key), 1)
      assert.equal(trace.getSpan(withSpan), span)
    })
  })

  test("values set on the API's ROOT_CONTEXT survive a span, a correlation and a suppression", async () => {
    const baggage = propagation.createBaggage({ plan: { value: 'gold' } })
    await traced(() => {
      const given = propagation.setBaggage(holding('mine'), baggage)
      const check = () => {
        assert.equal(active(), 'mine')
        assert.equal(propagation.getActiveBaggage()?.getEntry('plan')?.value, 'gold')
      }
      trace.getTracer('c').startActiveSpan('s', {}, given, (span) => {
        check()
        assert.equal(trace.getActiveSpan(), span)
        correlate({ tenantId: 't' }, () => {
          check()
          assert.equal(trace.getActiveSpan(), span)
          assert.equal(logFields().tenant_id, 't')
        })
        span.end()
      })
      context.with(given, () => {
        correlate({ tenantId: 't' }, check)
        trace.getTracer('c').startActiveSpan('s', (span) => {
          check()
          context.with(suppressTracing(context.active()), check)
          span.end()
        })
      })
    })
  })

  test('a foreign context can be narrowed: what is deleted below a span is gone', async () => {
    await traced(() => {
      trace.getTracer('c').startActiveSpan('s', {}, suppressTracing(holding('mine')), () => {
        const narrowed = context.active().deleteValue(key)
        assert.equal(narrowed.getValue(key), undefined)
        assert.equal(isTracingSuppressed(narrowed), true)
        assert.equal(active(), 'mine')
      })
    })
  })
})

suite('with spans', () => {
  test('a span is the parent of what its callbacks start, not of what runs beside it', async () => {
    const { spans } = await traced(async () => {
      const tracer = trace.getTracer('c')
      const request = (name: string) =>
        tracer.startActiveSpan(name, async (span) => {
          await sleep()
          tracer.startSpan(`${name} query`).end()
          setTimeout(() => tracer.startSpan(`${name} later`).end(), 1)
          await sleep()
          span.end()
        })
      await Promise.all([request('a'), request('b')])
      tracer.startSpan('outside').end()
      await sleep()
      await sleep()
    })
    for (const name of ['a', 'b']) {
      const { spanId, traceId } = only(spans, name)
      for (const child of [only(spans, `${name} query`), only(spans, `${name} later`)]) {
        assert.deepEqual([child.parentSpanId, child.traceId], [spanId, traceId])
      }
    }
    assert.equal(only(spans, 'outside').parentSpanId, '')
  })

  test("the pipeline's own work is suppressed and runs in nobody's context, at once, on time and after a failure", async () => {
    const seen: unknown[] = []
    const application = new AsyncLocalStorage<string>()
    const see = () =>
      seen.push([
        isTracingSuppressed(context.active()),
        trace.getActiveSpan(),
        active(),
        application.getStore(),
      ])
    await traced(async () => {
      const outcomes = ['retry', 'accepted', 'accepted'] as const
      const exporter = {
        export: async () => {
          see()
          const kind = outcomes[seen.length - 1]!
          return kind === 'retry'
            ? ({ kind, reason: 'away', retryAfterMs: 1 } as const)
            : ({ kind, rejected: 0, message: '' } as const)
        },
        close() {},
      }
      const config = new OtelConfig({ scheduleDelay: 1, maxExportBatchSize: 2, maxQueueSize: 2 })
      const { batcher } = new Pipeline(config, () => encodeResource({ attributes: {} }), exporter)
      const tracer = new TracerProvider(batcher, new TraceIdRatioSampler(1), config.spanLimits).getTracer('c')
      const request = (spans: number) =>
        application.run('request', () =>
          context.with(holding('mine'), () => {
            for (let i = 0; i < spans; i++) tracer.startActiveSpan('s', (span) => span.end())
          }),
        )
      request(2)
      while (seen.length < 2) await sleep()
      request(1)
      while (seen.length < 3) await sleep()
    })
    assert.deepEqual(seen, Array(3).fill([true, undefined, undefined, undefined]))
  })
})
