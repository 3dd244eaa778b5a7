import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  attributeName,
  conjunctsOf,
  equals,
  hasCondition,
  joined,
  queryTokens,
  queryValue,
  unquoted,
  withCondition,
  withoutCondition,
} from '../src/model/query-text.ts'
import { anyCharacter } from './any-character.ts'

const anything = fc.string({ unit: anyCharacter, maxLength: 40 })
const value = fc.oneof(
  fc.constantFrom('checkout', '/orders/1', 'and', 'a "b" \\c', '{', 'x = y', ''),
  anything,
)
const condition = fc.oneof(
  value.map((text) => equals('http.route', text)),
  value.map((text) => `not { ${equals('name', text)} }`),
  fc.constantFrom(
    'duration > 1s',
    'has(http.route)',
    '"free text"',
    'not status = error',
    '(a.b = 1 or c.d = 2)',
    '{ x.y = z and "t" }',
    'trace.spans > 3',
    'span."my key" = v',
  ),
)
const texts = (query: string) => conjunctsOf(query)?.map(({ text }) => text)

describe('the words of a query', () => {
  it('are found in any text, with nothing but spaces between them', () => {
    const text = fc.array(fc.oneof(anything, condition, fc.constantFrom(' ', '"', "'", '(', '&', '\\')))
    fc.assert(
      fc.property(text, (parts) => {
        const query = parts.join('')
        let at = 0
        for (const token of queryTokens(query)) {
          assert.match(query.slice(at, token.start), /^\s*$/)
          assert.equal(query.slice(token.start, token.end), token.text)
          assert.ok(token.end > token.start)
          at = token.end
        }
        assert.match(query.slice(at), /^\s*$/)
      }),
    )
  })

  it('hold any value in quotes, and give it back', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const [token, ...others] = queryTokens(queryValue(text))
        assert.deepEqual(others, [])
        assert.equal(unquoted(token!), text)
      }),
    )
  })
})

describe('the parts of a query', () => {
  it('are what was joined, whichever they are', () => {
    fc.assert(
      fc.property(fc.array(condition, { minLength: 1, maxLength: 6 }), (conditions) => {
        assert.deepEqual(texts(joined(conditions.map((text) => ({ text })))!), conditions)
        assert.deepEqual(texts(conditions.join(' && ')), conditions)
        assert.deepEqual(texts(conditions.join(' ')), conditions, 'side by side')
      }),
    )
  })

  it('are one where `or` stands outside of brackets', () => {
    assert.deepEqual(texts('a.b = 1 or c.d = 2 and e.f = 3'), ['a.b = 1 or c.d = 2 and e.f = 3'])
    assert.equal(withCondition('a.b = 1 or c.d = 2', 'e.f = 3'), '(a.b = 1 or c.d = 2) and e.f = 3')
  })

  it('are not known of a query that is not whole', () => {
    for (const query of [
      'a = ',
      '(a.b = 1',
      '{ x = y )',
      '"open',
      'a.b = 1 and',
      'and x.y = 1',
      '= 3',
      'a & b',
    ])
      assert.equal(conjunctsOf(query), undefined, query)
    assert.deepEqual(conjunctsOf('  '), [])
  })

  it('are about one span, about some span, or about the trace', () => {
    const about = (query: string) => conjunctsOf(query)?.map((part) => part.about)
    assert.deepEqual(about('a.b = 1 { c.d = 2 } trace.spans > 1 not { e.f = 3 } "trace.spans"'), [
      'span',
      'braces',
      'trace',
      'trace',
      'span',
    ])
  })

  it('are added once, found however they are spaced, and taken away again', () => {
    fc.assert(
      fc.property(fc.uniqueArray(condition, { maxLength: 4 }), condition, (conditions, added) => {
        const before = joined(conditions.map((text) => ({ text })))
        fc.pre(!hasCondition(before, added))
        const query = withCondition(before, added)
        assert.ok(hasCondition(query, ` ${added} `))
        assert.equal(withCondition(query, added), query)
        assert.equal(withoutCondition(query, added), before)
      }),
    )
  })

  it('name attributes as the language does', () => {
    assert.equal(attributeName('span', 'http.route'), 'http.route')
    assert.equal(attributeName('span', 'tenant_id'), 'tenant_id')
    assert.equal(attributeName('span', 'service'), '"service"')
    assert.equal(attributeName('span', 'span.kind'), '"span.kind"')
    assert.equal(attributeName('resource', 'host.name'), 'resource.host.name')
    assert.equal(attributeName('event', 'my key'), 'event."my key"')
  })
})
