/** Where an attribute's value leads, with conditions that the query language reads as they are meant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { conjunctsOf } from '../src/model/query-text.ts'
import { valueLinks } from '../src/model/value-links.ts'
import { anyCharacter } from './any-character.ts'

const context = { service: 'shop', operation: 'GET /cart', range: { lookback: '1h' } } as const
const same = { lookback: '1h', service: 'shop', operation: 'GET /cart' }

test('a value leads to traces with it, to the same operation without it, and to a comparison of both', () => {
  assert.deepEqual(valueLinks('span', 'http.route', '/a b', context), {
    filter: { lookback: '1h', query: 'http.route = "/a b"' },
    exclude: { ...same, query: 'not { http.route = "/a b" }' },
    compare: { ...same, split: 'filter', where: '{ http.route = "/a b" }' },
  })
  assert.equal(valueLinks('resource', 'host.name', 'a', context)?.filter.query, 'resource.host.name = a')
  assert.equal(valueLinks('event', 'exception.type', 'E', context)?.filter.query, 'event.exception.type = E')
  assert.equal(valueLinks('span', 'order.id', 4711, context)?.filter.query, 'order.id = 4711')
  assert.equal(valueLinks('span', 'constructor', 'x', context)?.filter.query, '"constructor" = x')
})

test('what a search has a field for is searched by it', () => {
  assert.deepEqual(valueLinks('span', 'tenant_id', 'north', context)?.filter, {
    lookback: '1h',
    tenant: 'north',
  })
  assert.deepEqual(valueLinks('resource', 'service.name', 'gateway', context)?.filter, {
    lookback: '1h',
    service: 'gateway',
  })
  assert.equal(valueLinks('span', 'user_id', 'u 1', context)?.exclude.query, 'not { user = "u 1" }')
})

test('documents, lists and nothing lead nowhere', () => {
  for (const value of ['a\nb', '', '  ', 'x'.repeat(121), null, ['a'], { a: 1 }]) {
    assert.equal(valueLinks('span', 'key', value, context), undefined)
  }
})

test('whatever stands in key and value, each condition is one part of a query', () => {
  const text = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(text, text, fc.constantFrom('span', 'resource', 'event'), (key, value, of) => {
      const links = valueLinks(of, key, value, context)
      if (links === undefined) return
      for (const query of [links.filter.query, links.exclude.query, links.compare.where]) {
        if (query !== undefined) assert.equal(conjunctsOf(query)?.length, 1, query)
      }
    }),
  )
})
