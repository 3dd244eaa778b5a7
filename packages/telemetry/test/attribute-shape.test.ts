/** Shapes: what spans that set the same keys in the same order share, and that sharing is bounded and never mixes keys up. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { trace } from '@opentelemetry/api'
import { type AttributeKey, attributeKey } from '@rustok/otlp'
import fc from 'fast-check'
import { AttributeShape } from '../src/trace/attribute-shape.ts'
import { traced } from './support/traced.ts'

const keys = Array.from({ length: 8 }, (_, i) => attributeKey(`k${i}`))

/** The shape that a span has after it has set `order`. */
function shapeOf(order: readonly AttributeKey[]): AttributeShape {
  let shape = AttributeShape.none
  for (const key of order) if (shape.indexOf(key) < 0) shape = shape.with(key)
  return shape
}

suite('shapes', () => {
  test('hold each key once, in the order in which it came first', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...keys), { maxLength: 20 }), (order) => {
        const shape = shapeOf(order)
        assert.deepEqual(shape.keys, [...new Set(order)])
        for (const key of keys) assert.equal(shape.indexOf(key), [...new Set(order)].indexOf(key))
        assert.equal(shapeOf(order), shape, 'the same order gives the same shape')
      }),
    )
  })

  test('a key beyond the interned ones is found by its name', () => {
    const long = 'x'.repeat(200)
    const shape = shapeOf([keys[0]!, attributeKey(long)])
    assert.notEqual(attributeKey(long), attributeKey(long))
    assert.equal(shape.indexOf(attributeKey(long)), 1)
  })

  test('are shared up to a bound, and right beyond it', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `many.${i}`)
    const { spans } = await traced(() => {
      // 3,000 keys in pairs of ever new order are 6,000 shapes; longer ones exceed the bound.
      for (let i = 0; i < names.length; i++) {
        const span = trace.getTracer('shapes').startSpan('s')
        for (let n = 0; n < 24; n++) span.setAttribute(names[(i * 31 + n * 7) % names.length]!, n)
        span.setAttribute(names[(i * 31) % names.length]!, 'again').end()
      }
    })
    for (const [i, { attributes }] of spans.entries()) {
      const expected: Record<string, unknown> = {}
      for (let n = 0; n < 24; n++) expected[names[(i * 31 + n * 7) % names.length]!] = BigInt(n)
      expected[names[(i * 31) % names.length]!] = 'again'
      assert.deepEqual(attributes, expected)
    }
    assert.equal(spans.length, names.length)
    // Beyond the bound a shape is one span's own.
    const fresh = keys.toReversed()
    assert.notEqual(shapeOf(fresh), shapeOf(fresh))
    assert.deepEqual(shapeOf(fresh).keys, fresh)
  })
})
