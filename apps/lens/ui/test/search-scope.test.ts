import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { searchScope } from '../src/model/search-scope.ts'

describe('the scope of a search', () => {
  it('is not spoken of where there is one condition or none', () => {
    for (const state of [
      {},
      { tenant: 'a' },
      { query: 'x.y = 1' },
      { query: '{ x.y = 1 }' },
      { query: 'half =' },
    ])
      assert.equal(searchScope(state).kind, 'none')
  })

  it('is one span for conditions side by side, in words and with their number', () => {
    assert.match(searchScope({ service: 'a', status: 'error' }).words, /one and the same span meets both/)
    assert.match(searchScope({ service: 'a', query: 'x.y = 1 and z.w = 2' }).words, /meets all 3/)
  })

  it('becomes the whole trace by braces around each condition, and comes back', () => {
    const { wholeTrace } = searchScope({
      service: 'check out',
      tenant: 'acme',
      query: 'x.y = 1 and trace.spans > 2',
    })
    assert.deepEqual(wholeTrace, {
      tenant: 'acme',
      query: '{ service = "check out" } and { x.y = 1 } and trace.spans > 2',
    })
    const back = searchScope(wholeTrace!)
    assert.equal(back.kind, 'trace')
    assert.deepEqual(back.oneSpan, {
      tenant: 'acme',
      query: 'service = "check out" and x.y = 1 and trace.spans > 2',
    })
  })

  it('keeps alternatives together on both ways', () => {
    const { wholeTrace } = searchScope({ operation: 'GET /', query: 'a.b = 1 or c.d = 2' })
    assert.deepEqual(wholeTrace, { query: '{ name = "GET /" } and { a.b = 1 or c.d = 2 }' })
    assert.deepEqual(searchScope(wholeTrace!).oneSpan, { query: 'name = "GET /" and (a.b = 1 or c.d = 2)' })
  })

  it('takes words to look for along, all of them for one span', () => {
    assert.deepEqual(searchScope({ text: 'card "x"', user: 'u' }).wholeTrace, {
      query: '{ user = u } and { "card" and "\\"x\\"" }',
    })
  })

  it('is mixed where some conditions are in braces, with a way to either', () => {
    const { kind, oneSpan, wholeTrace } = searchScope({ query: 'a.b = 1 and { c.d = 2 }' })
    assert.equal(kind, 'mixed')
    assert.deepEqual(oneSpan, { query: 'a.b = 1 and c.d = 2' })
    assert.deepEqual(wholeTrace, { query: '{ a.b = 1 } and { c.d = 2 }' })
  })
})
