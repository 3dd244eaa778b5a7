import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  activeFilters,
  parseSearchState,
  problemsOf,
  rangeReaching,
  searchParams,
  searchQuery,
  withFields,
  withoutFilters,
} from '../src/model/search-state.ts'
import { traceIdIn } from '../src/model/trace-id.ts'
import { anyCharacter } from './any-character.ts'

const text = fc
  .string({ unit: anyCharacter, minLength: 1 })
  .filter((value) => value.trim() !== '' && value.isWellFormed())
const field = fc.option(text, { nil: undefined })
const anyState = fc
  .record({
    tenant: field,
    user: field,
    service: field,
    operation: field,
    text: field,
    minDuration: field,
    maxDuration: field,
    status: fc.constantFrom(undefined, 'error', 'ok'),
    lookback: fc.constantFrom(undefined, '15m', '7d', '42s'),
    start: fc.option(fc.nat(), { nil: undefined }),
    end: fc.option(fc.nat(), { nil: undefined }),
    limit: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    query: field,
    order: fc.constantFrom(undefined, 'newest', 'longest', 'errors', 'spans'),
    live: fc.constantFrom(undefined, 'traces', 'spans'),
    rate: fc.option(fc.integer({ min: 0, max: 101 }), { nil: undefined }),
    within: fc.constantFrom(undefined, '1-2', '5-9~~2s', 'x'),
  })
  .map((parts) => parseSearchState(parts))

describe('the search in the address', () => {
  it('comes back from the address as it went in, for every state', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const address = searchParams(state).toString()
        assert.deepEqual(parseSearchState(Object.fromEntries(new URLSearchParams(address))), state)
      }),
    )
  })

  it('reads anything at all without throwing, and what it read is stable', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), (parts) => {
        const state = parseSearchState(parts)
        assert.deepEqual(parseSearchState({ ...state }), state)
      }),
    )
  })

  it('leaves defaults out, so that the plain page has a plain address', () => {
    assert.equal(searchParams(parseSearchState({ lookback: '1h', limit: '50' })).size, 0)
  })

  it('takes a custom range over a lookback, and no range that ends before it starts', () => {
    assert.deepEqual(parseSearchState({ start: '5', end: '9', lookback: '6h' }), { start: 5, end: 9 })
    assert.deepEqual(parseSearchState({ start: '9', end: '5', lookback: '6h' }), { lookback: '6h' })
  })

  it('keeps tenants that look like numbers or JSON as text', () => {
    assert.deepEqual(parseSearchState({ tenant: '007' }), { tenant: '007' })
    assert.deepEqual(parseSearchState({ tenant: 'true' }), { tenant: 'true' })
  })
})

describe('a change of the search', () => {
  it('starts again at the first page', () => {
    assert.deepEqual(withFields({ tenant: 'a', limit: 200 }, { service: 'b' }), { tenant: 'a', service: 'b' })
    assert.deepEqual(withFields({ tenant: 'a' }, { limit: 100 }), { tenant: 'a', limit: 100 })
  })

  it('takes a field away', () => {
    assert.deepEqual(withFields({ tenant: 'a', user: 'b' }, { tenant: undefined }), { user: 'b' })
  })

  it('leaves a custom range when a lookback is chosen', () => {
    assert.deepEqual(withFields({ start: 1, end: 2 }, { lookback: '1h' }), {})
  })

  it('clears what narrows but not the time', () => {
    assert.deepEqual(withoutFilters({ tenant: 'a', text: 'x', lookback: '6h', limit: 100 }), {
      lookback: '6h',
    })
  })
})

describe('filters', () => {
  it('are listed with a name and a value each, and taking each away leaves none', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        let rest = state
        for (const filter of activeFilters(state)) {
          for (const name of filter.fields) rest = withFields(rest, { [name]: undefined })
        }
        assert.deepEqual(activeFilters(rest), [])
      }),
    )
  })

  it('that cannot be asked are named, and not sent', () => {
    assert.deepEqual(
      problemsOf({ minDuration: 'fast' }).map(({ field }) => field),
      ['minDuration'],
    )
    assert.deepEqual(
      problemsOf({ minDuration: '2s', maxDuration: '1s' }).map(({ field }) => field),
      ['maxDuration'],
    )
    assert.deepEqual(problemsOf({ minDuration: '1s', maxDuration: '1s' }), [])
    assert.deepEqual(searchQuery({ minDuration: '150', maxDuration: 'x' }), { minDuration: '150ms' })
  })
})

describe('rangeReaching', () => {
  const minute = 60_000
  const now = 1e12
  for (const [age, expected] of [
    [0, { lookback: '15m' }],
    [9 * minute, { lookback: '15m' }],
    [13 * minute, {}],
    [45 * minute, { lookback: '6h' }],
    [100 * 60 * minute, { lookback: '7d' }],
  ] as const)
    it(`still reaches in a while what is ${age / minute} minutes old`, () => {
      assert.deepEqual(rangeReaching(now - age, now), expected)
    })

  it('is a day around what is older than any lookback', () => {
    const millis = now - 30 * 24 * 60 * minute
    assert.deepEqual(rangeReaching(millis, now), {
      start: millis - 12 * 60 * minute,
      end: millis + 12 * 60 * minute,
    })
  })
})

describe('a pasted trace id', () => {
  it('is recognised bare, in capitals, dashed and within a traceparent', () => {
    const id = '0af7651916cd43dd8448eb211c80319c'
    assert.equal(traceIdIn(` ${id.toUpperCase()} `), id)
    assert.equal(traceIdIn('0af76519-16cd-43dd-8448-eb211c80319c'), id)
    assert.equal(traceIdIn(`00-${id}-b7ad6b7169203331-01`), id)
    assert.equal(traceIdIn('0'.repeat(32)), undefined)
    assert.equal(traceIdIn(`${id}0`), undefined)
    assert.equal(traceIdIn('checkout'), undefined)
  })
})
