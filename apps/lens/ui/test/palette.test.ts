/** What the palette offers, in which order, for what is typed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FacetsResponse } from 'rustok-lens/contract'
import { type PaletteSources, paletteItems } from '../src/model/palette.ts'
import { conjunctsOf } from '../src/model/query-text.ts'
import { anyCharacter } from './any-character.ts'

const values = (...names: string[]) => names.map((value, at) => ({ value, count: 100 - at }))
const sources: PaletteSources = {
  time: { lookback: '6h' },
  facets: {
    tenants: values('acme', 'north', ''),
    services: values('checkout', 'shop'),
    operations: values('POST /checkout', 'GET /shop'),
    users: values('ada'),
  } as unknown as FacetsResponse,
  saved: [{ name: 'Slow checkouts', search: { service: 'checkout', minDuration: '1s' } }],
  commands: [{ command: 'zone', label: 'Show times in UTC' }],
  traceId: undefined,
}
const labels = (typed: string, more: Partial<PaletteSources> = {}) =>
  paletteItems(typed, { ...sources, ...more }).map(({ label }) => label)

describe('the palette', () => {
  it('begins with the pages, what was saved, some names, and what can be done', () => {
    assert.deepEqual(labels(''), [
      'Home',
      'Traces',
      'Why?',
      'Map',
      'Tenants',
      'Slow checkouts',
      'acme',
      'north',
      'checkout',
      'shop',
      'Show times in UTC',
    ])
    assert.equal(labels('', { traceId: 'ab' })[0], 'Compare this trace')
    assert.deepEqual(labels('', { facets: undefined }).includes('acme'), false)
  })

  it('ranks the whole name before its beginning, before words within, and ends with a search for the words', () => {
    assert.deepEqual(labels('checkout'), [
      'checkout',
      'Slow checkouts',
      'POST /checkout',
      'Search for checkout',
    ])
    assert.deepEqual(labels('post check'), ['POST /checkout', 'Search for post check'])
    assert.deepEqual(labels('utc'), ['Show times in UTC', 'Search for utc'])
  })

  it('guesses by letters with gaps only when nothing has the words', () => {
    assert.deepEqual(labels('chkt'), ['Slow checkouts', 'checkout', 'POST /checkout', 'Search for chkt'])
    assert.deepEqual(labels('zzz'), ['Search for zzz'])
  })

  it('finds all of a kind by its name', () => {
    assert.deepEqual(labels('tenant').slice(0, 3), ['Tenants', 'acme', 'north'])
  })

  it('opens a trace id at once, however it is written', () => {
    const id = 'abcdef0123456789abcdef0123456789'
    for (const text of [id, ` ${id.toUpperCase()} `, `00-${id}-0123456789abcdef-01`]) {
      const items = paletteItems(text, sources)
      assert.equal(items.length, 1)
      assert.deepEqual('link' in items[0]! && items[0].link, {
        to: '/trace/$traceId',
        params: { traceId: id },
        search: {},
      })
    }
  })

  it('keeps the time that is looked at, and a search for any words is one condition', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, minLength: 1 }), (typed) => {
        const last = paletteItems(typed, sources).at(-1)
        if (last?.kind !== 'search' || !('link' in last)) return
        const { search } = last.link as { search: { query: string; lookback: string } }
        assert.equal(search.lookback, '6h')
        assert.equal(conjunctsOf(search.query)?.length, 1)
      }),
    )
  })
})
