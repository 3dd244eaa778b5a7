/** Whatever an application passes as an attribute: nothing is thrown at it, the span stays, and what arrives is right. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Attributes, type AttributeValue, trace } from '@opentelemetry/api'
import type { ReceivedValue } from './support/decode.ts'
import { attributesOf, traced } from './support/traced.ts'

const start = (attributes?: unknown) =>
  trace.getTracer('values').startSpan('s', { attributes: attributes as Attributes })

/** The attribute `v` as it arrives when set at the start, by setAttribute, on an event and on a link: the same everywhere. */
async function arriving(value: unknown): Promise<ReceivedValue> {
  const attributes = { v: value } as Attributes
  const { spans } = await traced(() => {
    start(attributes).end()
    const span = start()
    span.setAttribute('v', value as AttributeValue)
    span.addEvent('e', attributes)
    span.addLink({ context: span.spanContext(), attributes })
    span.end()
    start().setAttributes(attributes).end()
  })
  const ways = [
    spans[0]!.attributes,
    spans[1]!.attributes,
    spans[1]!.events[0]!.attributes,
    spans[1]!.links[0]!.attributes,
    spans[2]!.attributes,
  ]
  for (const way of ways) assert.deepEqual(way, ways[0])
  return ways[0]!.v
}

const revoked = (target: object = {}): object => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}
const cyclic = (): object => {
  const loop: Record<string, unknown> = { name: 'loop' }
  loop.self = loop
  return loop
}

suite('numbers', () => {
  const integers: [string, number | bigint, bigint][] = [
    ['zero', 0, 0n],
    ['one byte', 127, 127n],
    ['two bytes', 128, 128n],
    ['negative', -1, -1n],
    ['beyond 32 bits', 2 ** 32, 2n ** 32n],
    ['the largest safe integer', Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n],
    ['the smallest safe integer', Number.MIN_SAFE_INTEGER, -(2n ** 53n) + 1n],
    ['a bigint within 64 bits', 2n ** 63n - 1n, 2n ** 63n - 1n],
    ['the smallest bigint of 64 bits', -(2n ** 63n), -(2n ** 63n)],
  ]
  for (const [what, value, expected] of integers) {
    test(`${what} arrives as an exact integer`, async () => assert.equal(await arriving(value), expected))
  }

  const doubles = [0.1, -0, 1e300, 5e-324, 2 ** 53, -(2 ** 63), Number.NaN, Infinity, -Infinity]
  for (const value of doubles) {
    test(`${Object.is(value, -0) ? '-0' : value} arrives as the same double`, async () => {
      const arrived = await arriving(value)
      assert.equal(typeof arrived, 'number')
      assert.ok(Object.is(arrived, value), `${arrived}`)
    })
  }

  test('a bigint beyond 64 bits arrives as its digits', async () => {
    assert.equal(await arriving(2n ** 64n), '18446744073709551616')
    assert.equal(await arriving(-(2n ** 63n) - 1n), '-9223372036854775809')
  })
})

suite('text', () => {
  const texts = [
    '',
    'a',
    '\0',
    'a\0b',
    '\ufeffbom',
    'ü€😀',
    '\u2028',
    '"quotes"',
    '</script>',
    'x'.repeat(96),
  ]
  for (const text of texts) {
    test(`${JSON.stringify(text).slice(0, 20)} arrives unchanged`, async () =>
      assert.equal(await arriving(text), text))
  }

  test('a lone surrogate arrives as the replacement character, in values, keys, names and messages', async () => {
    const lone = 'a\ud800b'
    const { spans } = await traced(() => {
      const span = trace.getTracer(lone).startSpan(lone, { attributes: { [lone]: lone } })
      span.addEvent(lone, { [lone]: [lone] })
      span.setStatus({ code: 2, message: lone })
      span.end()
    })
    const wellFormed = 'a\ufffdb'
    const { name, attributes, events, status, scope } = spans[0]!
    assert.deepEqual(
      [name, attributes, events[0]!.name, events[0]!.attributes, status.message, scope.name],
      [
        wellFormed,
        { [wellFormed]: wellFormed },
        wellFormed,
        { [wellFormed]: [wellFormed] },
        wellFormed,
        wellFormed,
      ],
    )
  })

  // One such text to a span: one with several of them would be more than a collector takes.
  test('a text of 100 MB is cut to a mebi of characters', async () => {
    const text = 'é'.repeat(50 * 1024 * 1024)
    const cut = { v: 'é'.repeat(1_048_576) }
    assert.deepEqual(await attributesOf(() => start({ v: text }).end()), cut)
    assert.deepEqual(await attributesOf(() => start().setAttribute('v', text).end()), cut)
    const { spans } = await traced(() => start().addEvent('e', { v: text }).end())
    assert.deepEqual(spans[0]!.events[0]!.attributes, cut)
  })

  test('names and messages of 100 MB are cut as well', async () => {
    const huge = 'x'.repeat(100 * 1024 * 1024)
    const span = async (work: () => void) => (await traced(work)).spans[0]!
    const cut = [
      (await span(() => start().updateName(huge).end())).name,
      (await span(() => start().addEvent(huge).end())).events[0]!.name,
      (await span(() => start().setStatus({ code: 2, message: huge }).end())).status.message,
      (await span(() => trace.getTracer('values').startSpan(huge).end())).name,
    ]
    for (const text of cut) assert.equal(text.length, 1_048_576)
  })

  test('the same key with many values keeps them apart', async () => {
    const values = Array.from({ length: 200 }, (_, i) => `value ${i}`)
    const { spans } = await traced(() => {
      for (const value of [...values, ...values]) start({ v: value }).end()
    })
    assert.deepEqual(
      spans.map((span) => span.attributes.v),
      [...values, ...values],
    )
  })
})

suite('objects', () => {
  const kept: [string, unknown, ReceivedValue][] = [
    ['a boolean', true, true],
    ['null', null, undefined],
    ['an empty list', [], []],
    ['a mixed list', [1, 'a', true, null, 1.5, [2]], [1n, 'a', true, undefined, 1.5, [2n]]],
    ['bytes', Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
    ['an object', { a: 1, b: { c: [true] } }, { a: 1n, b: { c: [true] } }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1n }],
    ['a date', new Date(1_700_000_000_000), '2023-11-14T22:13:20.000Z'],
    ['an error', new RangeError('too far'), 'RangeError: too far'],
    ['what has a toJSON', { toJSON: () => ({ shown: 1 }) }, { shown: 1n }],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a list with holes', Object.assign(new Array(2), { 1: 'x' }), [undefined, 'x']],
    ['a URL', new URL('http://h/p?q'), 'http://h/p?q'],
  ]
  for (const [what, value, expected] of kept) {
    test(`${what} arrives as what it says`, async () => assert.deepEqual(await arriving(value), expected))
  }

  test('a function arrives as text', async () => {
    assert.equal(typeof (await arriving(() => 1)), 'string')
  })

  test('a cyclic object arrives finite', async () => {
    const arrived = (await arriving(cyclic())) as Record<string, ReceivedValue>
    assert.equal(arrived.name, 'loop')
  })

  test('an object nested a thousand deep is cut off where decoders give up', async () => {
    let deep: object = {}
    for (let i = 0; i < 1000; i++) deep = { deep }
    assert.equal(typeof (await arriving(deep)), 'object')
  })

  test('a list of a million items is cut', async () => {
    const arrived = (await arriving(new Array(1_000_000).fill(7))) as ReceivedValue[]
    assert.ok(arrived.length > 0 && arrived.length <= 10_000, `${arrived.length}`)
    assert.ok(arrived.every((item) => item === 7n))
  })

  test('an object of a million keys is cut', async () => {
    const large = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, 7]))
    const arrived = Object.keys((await arriving(large)) as object)
    assert.ok(arrived.length > 0 && arrived.length <= 10_000, `${arrived.length}`)
  })

  const hostile: [string, () => unknown][] = [
    ['undefined', () => undefined],
    ['a revoked proxy', revoked],
    ['a revoked function', () => revoked(() => {})],
    ['a revoked list', () => revoked([])],
    [
      'a toJSON that throws',
      () => ({
        toJSON() {
          throw new Error('no')
        },
      }),
    ],
    [
      'a proxy whose traps all throw',
      () =>
        new Proxy(
          {},
          new Proxy(
            {},
            {
              get() {
                throw new Error('trap')
              },
            },
          ),
        ),
    ],
  ]
  for (const [what, make] of hostile) {
    test(`${what} leaves no attribute behind and throws nothing`, async () => {
      assert.equal(await arriving(make()), undefined)
    })
  }

  test('later changes to a value do not reach the span', async () => {
    const list = ['before']
    const nested = { deep: { text: 'before' } }
    const bytes = Uint8Array.of(1)
    const buffer = Buffer.from([1])
    const attributes = await attributesOf(() => {
      const span = start({
        list,
        nested: nested as unknown as string,
        bytes: bytes as unknown as string,
        buffer: buffer as unknown as string,
      })
      list.push('after')
      nested.deep.text = 'after'
      bytes[0] = 9
      buffer[0] = 9
      span.end()
    })
    assert.deepEqual(attributes, {
      list: ['before'],
      nested: { deep: { text: 'before' } },
      bytes: Uint8Array.of(1),
      buffer: Uint8Array.of(1),
    })
  })
})
