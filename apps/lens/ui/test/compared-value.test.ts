import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { certaintyOf, conditionOf, formatLift, inTrace, nameOf } from '../src/model/compared-value.ts'
import { conjunctsOf } from '../src/model/query-text.ts'

const anyValue = fc.record({
  source: fc.constantFrom('field', 'attribute', 'resource', 'event'),
  key: fc.oneof(
    fc.constantFrom('name', 'tenant', 'http.route', 'service', 'my key'),
    fc.string({ minLength: 1 }),
  ),
  value: fc.string(),
  valueTruncated: fc.constant(false),
  range: fc.option(fc.record({ from: fc.nat(), to: fc.nat() }), { nil: null }),
} as const)

describe('a compared value as a condition', () => {
  it('is one part of a query, whatever the key and the value are', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        // A field has one of six names.
        if (value.source === 'field' && !/^\w+$/.test(value.key)) return
        const parts = conjunctsOf(inTrace(conditionOf(value)!))
        assert.deepEqual(
          parts?.map(({ about }) => about),
          ['braces'],
        )
      }),
    )
  })

  it('names columns, attributes and events as the query language does', () => {
    assert.equal(nameOf({ source: 'field', key: 'tenant' }), 'tenant')
    assert.equal(nameOf({ source: 'attribute', key: 'tenant' }), '"tenant"')
    assert.equal(nameOf({ source: 'resource', key: 'service.version' }), 'resource.service.version')
    assert.equal(nameOf({ source: 'event', key: 'name' }), 'event.name')
    assert.equal(nameOf({ source: 'event', key: 'exception.type' }), 'event.exception.type')
  })

  it('is none where the value is cut', () => {
    const value = { source: 'attribute', key: 'a.b', value: 'x', valueTruncated: true, range: null } as const
    assert.equal(conditionOf(value), undefined)
  })

  it('says how much more often, and how sure that is', () => {
    assert.deepEqual(
      [null, 84.2, 3.14, 1.3].map((lift) => formatLift({ lift })),
      [undefined, '84 times as often', '3.1 times as often', '30 % more often'],
    )
    assert.equal(certaintyOf({ falseDiscoveryRate: 0.0001 }).isCertain, true)
    assert.equal(certaintyOf({ falseDiscoveryRate: 0.3 }).isCertain, false)
  })
})
