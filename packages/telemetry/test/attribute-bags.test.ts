/** Whatever an application passes where attributes, options or links are expected: nothing is thrown, and what can be read arrives. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Attributes, type Span, trace } from '@opentelemetry/api'
import fc from 'fast-check'
import type { ReceivedAttributes } from './support/decode.ts'
import { attributesOf, traced } from './support/traced.ts'

const start = (attributes?: unknown) =>
  trace.getTracer('values').startSpan('s', { attributes: attributes as Attributes })

const revoked = (target: object = {}): object => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

suite('bags of attributes', () => {
  /** Every call that takes a bag, each followed by one that must arrive. */
  const everywhere = (bag: () => unknown) =>
    traced(() => {
      start(bag()).setAttribute('after', 1).end()
      const span = start()
      span.setAttributes(bag() as Attributes)
      span.addEvent('e', bag() as Attributes)
      span.addLink({ context: span.spanContext(), attributes: bag() as Attributes })
      span.setAttribute('after', 1).end()
    })

  test('a getter that throws loses its own attribute and no other', async () => {
    const { spans } = await everywhere(() => ({
      before: 1,
      get broken() {
        throw new Error('a getter that throws')
      },
      behind: 2,
    }))
    const rest = { before: 1n, behind: 2n }
    assert.deepEqual(spans[0]!.attributes, { ...rest, after: 1n })
    assert.deepEqual(spans[1]!.attributes, { ...rest, after: 1n })
    assert.deepEqual(spans[1]!.events[0]!.attributes, rest)
    assert.deepEqual(spans[1]!.links[0]!.attributes, rest)
  })

  for (const [what, bag] of [
    ['a revoked proxy', revoked],
    ['null', () => null],
    ['a number', () => 5],
    ['a text', () => 'text'],
    ['a function', () => () => 1],
  ] as [string, () => unknown][]) {
    test(`${what} instead of a bag is ignored, and the span, event and link stay`, async () => {
      const { spans } = await everywhere(bag)
      for (const span of spans) assert.deepEqual(span.attributes, { after: 1n })
      assert.deepEqual(
        spans[1]!.events.map(({ name, attributes }) => [name, attributes]),
        [['e', {}]],
      )
      assert.deepEqual(
        spans[1]!.links.map(({ attributes }) => attributes),
        [{}],
      )
    })
  }

  test('revoked proxies and throwing getters in place of options, times, links, status and exceptions change nothing', async () => {
    const hostileGetters = new Proxy(
      {},
      {
        get() {
          throw new Error('trap')
        },
      },
    )
    const { spans, ledger } = await traced(() => {
      for (const wrong of [revoked(), revoked([]), revoked(() => {}), hostileGetters]) {
        const any = wrong as never
        start()
          .setStatus(any)
          .addEvent('e', any, any)
          .addLink(any)
          .addLinks(any)
          .addLinks([any])
          .setAttribute(any, 1)
          .end(any)
        const span = trace.getTracer('values').startSpan('s', { links: [any], startTime: any, kind: any })
        span.recordException(any)
        span.end()
        trace.getTracer('values').startSpan('s', any).end()
      }
    })
    assert.equal(spans.length, 12)
    assert.equal(ledger.exported, 12)
  })

  test('what an object inherits is not its own', async () => {
    function Old(this: { own: number }) {
      this.own = 1
    }
    Old.prototype.method = () => 'not an attribute'
    class Modern {
      own = 1
      get derived() {
        return 2
      }
    }
    for (const make of [
      () => new (Old as unknown as new () => object)(),
      () => new Modern(),
      () => Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true } }),
    ]) {
      const { spans } = await everywhere(make)
      assert.deepEqual(spans[0]!.attributes, { own: 1n, after: 1n })
      assert.deepEqual(spans[1]!.attributes, { own: 1n, after: 1n })
      assert.deepEqual(spans[1]!.events[0]!.attributes, { own: 1n })
      assert.deepEqual(spans[1]!.links[0]!.attributes, { own: 1n })
    }
  })

  test('whatever is passed in whatever place, nothing is thrown and every span arrives', async () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
      withBoxedValues: true,
      withUnicodeString: true,
    })
    const { spans, ledger } = await traced(() => {
      const property = fc.property(anything, anything, anything, (a, b, c) => {
        const [x, y, z] = [a, b, c] as [never, never, never]
        const options = { attributes: x, kind: y, links: z, startTime: y, root: z }
        const span = trace
          .getTracerProvider()
          .getTracer(x, y, z)
          .startSpan(y, options as never)
        span.setAttribute(x, y).setAttributes(z).addEvent(x, y, z).addLink(x).addLinks(y).addLinks([z])
        span.setStatus(x).updateName(y).recordException(z, x)
        span.end(z)
      })
      fc.assert(property, { numRuns: 500 })
    })
    assert.equal(ledger.created, 500)
    assert.equal(spans.length, 500)
  })

  test('awkward keys are stored safely', async () => {
    const keys = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '\0',
      'k'.repeat(1000),
      'ключ',
      ' ',
    ]
    const bag = Object.fromEntries(keys.map((key) => [key, 'v']))
    const { spans } = await traced(() => {
      start(bag).end()
      const span = start()
      for (const key of keys) span.setAttribute(key, 'v')
      span.setAttribute('nested', bag as never).end()
    })
    const sorted = (attributes: ReceivedAttributes) => Object.keys(attributes).sort()
    assert.deepEqual(sorted(spans[0]!.attributes), [...keys].sort())
    assert.deepEqual(sorted(spans[1]!.attributes), [...keys, 'nested'].sort())
    assert.deepEqual(sorted(spans[1]!.attributes.nested as ReceivedAttributes), [...keys].sort())
    assert.equal(({} as Record<string, unknown>).v, undefined, 'no prototype is touched')
  })

  test('an empty key and a key that is no text are left out', async () => {
    const attributes = await attributesOf(() => {
      const span: Span = start({ '': 1, ok: 1 })
      span
        .setAttribute('', 2)
        .setAttribute(undefined as never, 3)
        .setAttribute(7 as never, 3)
      span.setAttribute(Symbol('s') as never, 4).end()
    })
    assert.deepEqual(attributes, { ok: 1n })
  })

  test('the last value of a key wins, whatever its type was before', async () => {
    const attributes = await attributesOf(() => {
      const span = start({ v: 'text', w: 1 })
      span.setAttribute('v', 1).setAttribute('v', [true]).setAttributes({ w: 'two', v: 2.5 }).end()
    })
    assert.deepEqual(attributes, { v: 2.5, w: 'two' })
  })

  test('keys beyond the table of interned ones still replace each other', async () => {
    const { spans } = await traced(() => {
      for (let i = 0; i < 5000; i++) start({ [`key ${i}`]: 1 }).end()
      start({ 'a late key': 1 }).setAttribute('a late key', 2).setAttribute('a late key', 'three').end()
    })
    assert.deepEqual(spans.at(-1)!.attributes, { 'a late key': 'three' })
  })
})

suite('bags that act while they are read', () => {
  test('a getter that sets attributes of its own span keeps each value at its key', async () => {
    const { spans } = await traced(() => {
      for (let round = 0; round < 3; round++) {
        const span = trace.getTracer('bags').startSpan('s')
        span.setAttributes({
          first: 1,
          get second() {
            span.setAttributes({ inner: 'i', first: 'again' })
            return 2
          },
          third: 3,
        })
        span.end()
      }
    })
    for (const { attributes } of spans)
      assert.deepEqual(attributes, { first: 'again', inner: 'i', second: 2n, third: 3n })
  })

  test('a getter that ends its own span loses what comes later, and nothing else', async () => {
    const { spans } = await traced(() => {
      for (let round = 0; round < 3; round++) {
        const span = trace.getTracer('bags').startSpan('s')
        span.setAttributes({
          first: 1,
          get second() {
            span.end()
            return 2
          },
          third: 3,
        })
        trace
          .getTracer('bags')
          .startSpan('next', { attributes: { first: 'n' } })
          .end()
      }
    })
    assert.deepEqual(
      spans.map(({ attributes }) => attributes),
      [1, 2, 3].flatMap(() => [{ first: 1n }, { first: 'n' }]),
    )
  })
})
