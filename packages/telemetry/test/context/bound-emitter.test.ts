/** `context.bind` on emitters: every way to add, remove and look at listeners behaves as before, and only the context differs. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'
import fc from 'fast-check'
import { OtelConfig } from '../../src/config.ts'
import { initTracing, shutdown } from '../../src/tracing.ts'

const key = createContextKey('bound')
const holding = (value: unknown) => ROOT_CONTEXT.setValue(key, value)
const active = () => context.active().getValue(key)

type Adding = 'on' | 'addListener' | 'once' | 'prependListener' | 'prependOnceListener'
type Removing = 'off' | 'removeListener'
type Step =
  | { readonly do: Adding; readonly event: string; readonly listener: number }
  | { readonly do: Removing; readonly event: string; readonly listener: number }
  | { readonly do: 'removeAllListeners'; readonly event: string | undefined }
  | { readonly do: 'emit'; readonly event: string }

const event = fc.constantFrom('a', 'b')
const listener = fc.nat({ max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom<Adding>('on', 'addListener', 'once', 'prependListener', 'prependOnceListener'),
      event,
      listener,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom<Removing>('off', 'removeListener'), event, listener }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('removeAllListeners' as const),
      event: fc.option(event, { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('emit' as const), event }) },
)

/** What an application sees of an emitter that goes through the steps. */
function play(emitter: EventEmitter, steps: readonly Step[], watched: boolean): unknown[] {
  const seen: unknown[] = []
  const listeners = [0, 1, 2].map(
    (index) =>
      function (this: unknown, ...args: unknown[]) {
        seen.push(['called', index, this === emitter, args])
      },
  )
  const name = (given: unknown) => listeners.indexOf(given as never)
  if (watched) {
    emitter.on('newListener', (of, added) => seen.push(['new', of, name(added)]))
    emitter.on('removeListener', (of, removed) => seen.push(['removed', of, name(removed)]))
  }
  for (const [index, step] of steps.entries()) {
    if (step.do === 'emit') seen.push(emitter.emit(step.event, index))
    else if (step.do === 'removeAllListeners') {
      if (step.event === undefined) emitter.removeAllListeners()
      else emitter.removeAllListeners(step.event)
    } else {
      assert.equal(emitter[step.do](step.event, listeners[step.listener]!), emitter)
    }
    for (const event of ['a', 'b']) {
      seen.push(emitter.listeners(event).map(name), emitter.listenerCount(event))
      seen.push(
        listeners.map((listener) => emitter.listenerCount(event, listener)),
        emitter.rawListeners(event).length,
      )
    }
  }
  return seen
}

suite('a bound emitter', () => {
  before(() => initTracing(new OtelConfig({ logLevel: 'none', enabled: false })))
  after(shutdown)

  test('does what an unbound one does, whatever is asked of it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, watched) => {
        const bound = context.bind(holding('bound'), new EventEmitter())
        assert.deepEqual(play(bound, steps, watched), play(new EventEmitter(), steps, watched))
      }),
      { numRuns: 300 },
    )
  })

  test('calls what is added in its context, each overload, and rejects what is no listener', () => {
    for (const add of ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const) {
      const emitter = context.bind(holding('bound'), new EventEmitter())
      const seen: unknown[] = []
      emitter[add]('e', () => seen.push(active()))
      context.with(holding('emitter'), () => emitter.emit('e'))
      assert.deepEqual(seen, ['bound'], add)
      for (const wrong of [undefined, null, 5, {}]) {
        assert.throws(() => emitter[add]('e', wrong as never), { code: 'ERR_INVALID_ARG_TYPE' }, add)
      }
    }
  })

  test('keeps its own class: a stream reads and ends', async () => {
    const stream = context.bind(holding('bound'), Readable.from(['a', 'b']))
    const seen: unknown[] = []
    await new Promise<void>((resolve) => {
      stream.on('data', (chunk) => seen.push([chunk, active()])).on('end', resolve)
    })
    assert.deepEqual(seen, [
      ['a', 'bound'],
      ['b', 'bound'],
    ])
  })

  test('rejections of its listeners are captured where it asks for that', async () => {
    const emitter = context.bind(holding('bound'), new EventEmitter({ captureRejections: true }))
    const caught = new Promise((resolve) =>
      emitter.on('error', (error) => resolve([error.message, active()])),
    )
    emitter.on('e', async () => {
      throw new Error('of a listener')
    })
    emitter.emit('e')
    assert.deepEqual(await caught, ['of a listener', 'bound'])
  })

  test('an EventTarget is left alone', () => {
    const target = new EventTarget()
    const { addEventListener } = target
    assert.equal(context.bind(holding('bound'), target), target)
    assert.equal(target.addEventListener, addEventListener)
    assert.deepEqual(Object.getOwnPropertyNames(target), [])
    let seen: unknown
    target.addEventListener('e', () => {
      seen = active()
    })
    context.with(holding('dispatcher'), () => target.dispatchEvent(new Event('e')))
    assert.equal(seen, 'dispatcher')
  })
})
