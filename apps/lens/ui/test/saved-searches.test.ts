import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { durationScale } from '../src/model/duration-scale.ts'
import {
  LONGEST_NAME,
  MOST_RECENT,
  MOST_SAVED,
  readRecent,
  readSaved,
  type SavedSearch,
  withoutSaved,
  withRecent,
  withSaved,
  writeSaved,
} from '../src/model/saved-searches.ts'
import {
  formatWithin,
  parseSearchState,
  parseWithin,
  rangeOf,
  withFields,
} from '../src/model/search-state.ts'

describe('saved searches', () => {
  it('come back from storage as they went in', () => {
    const saved = withSaved(withSaved([], 'one', { tenant: 'a b' }), 'two & <b>', {
      query: 'x = "1"',
      live: 'spans',
    })
    assert.deepEqual(readSaved(writeSaved(saved)), saved)
    assert.deepEqual(
      saved.map(({ name }) => name),
      ['two & <b>', 'one'],
    )
  })

  it('have one of a name, no empty names, and an end', () => {
    const saved: readonly SavedSearch[] = withSaved(withSaved([], 'one', {}), ' one ', { tenant: 'a' })
    assert.deepEqual(saved, [{ name: 'one', search: { tenant: 'a' } }])
    assert.deepEqual(withSaved(saved, '  ', {}), saved)
    assert.equal(withSaved(saved, 'x'.repeat(500), {})[0]!.name.length, LONGEST_NAME)
    let many: readonly SavedSearch[] = saved
    for (let at = 0; at < MOST_SAVED + 5; at++) many = withSaved(many, String(at), {})
    assert.equal(many.length, MOST_SAVED)
    assert.deepEqual(withoutSaved(saved, 'one'), [])
  })

  it('are read from any text whatever without throwing', () => {
    const text = fc.oneof(fc.string(), fc.json(), fc.constantFrom('[null, {}, {"name": 1}]', '{}'))
    fc.assert(
      fc.property(text, (stored) => {
        assert.deepEqual(readSaved(writeSaved(readSaved(stored))), readSaved(stored))
        assert.ok(readRecent(stored).length <= MOST_RECENT)
      }),
    )
    assert.deepEqual(readSaved(null), [])
  })

  it('go beside the last queries, newest first, each once', () => {
    const recent = withRecent(withRecent(withRecent([], 'a'), 'b'), ' a ')
    assert.deepEqual(recent, ['a', 'b'])
    assert.equal(withRecent(recent, ' '), recent)
  })
})

describe('where a search was cut out of', () => {
  const within = { start: 1000, end: 9000, minDuration: undefined, maxDuration: '2s' }

  it('comes back from the address', () => {
    assert.deepEqual(parseWithin(formatWithin(within)), within)
    assert.equal(parseWithin('9-1'), undefined)
    assert.equal(parseWithin('x'), undefined)
  })

  it('goes when another time is chosen, and stays for other changes', () => {
    const state = parseSearchState({ start: '2000', end: '3000', within: formatWithin(within) })
    assert.equal(withFields(state, { tenant: 'a' }).within, '1000-9000~~2s')
    assert.equal(withFields(state, { lookback: '6h' }).within, undefined)
    assert.equal(withFields(state, { start: 1, end: 2 }).within, undefined)
  })

  it('is a time that begins a lookback before now, for a search that has no other', () => {
    assert.deepEqual(rangeOf({ lookback: '15m' }, 1e9), { start: 1e9 - 900_000, end: 1e9 })
    assert.deepEqual(rangeOf({ start: 1, end: 2 }, 1e9), { start: 1, end: 2 })
  })
})

describe('the scale of durations in a list', () => {
  it('ends with the longest of them', () => {
    assert.equal(durationScale([5, 100, 3]), 100)
    assert.equal(durationScale([...Array(20).fill(10), 1500]), 1500)
    assert.equal(durationScale([]), 1)
  })

  it('leaves out what only a broken clock explains', () => {
    assert.equal(durationScale([...Array(20).fill(10), 90, 1.8e18]), 90)
  })
})
