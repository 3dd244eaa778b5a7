import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { searchLink, tenantLink, userLink, whyLink } from '../src/model/links.ts'
import { nameFromPath } from '../src/model/name-in-path.ts'
import { failedOf, narrowed, REQUESTS, slowOf, tenantScope, userScope } from '../src/model/scope.ts'
import { parseSearchState } from '../src/model/search-state.ts'
import { type StatRow, searchesOf } from '../src/model/stat-rows.ts'
import { naturalOrder, parseTenantsState, sortedBy } from '../src/model/tenants-state.ts'
import { isSearch, periodBefore, timeScope } from '../src/model/time-scope.ts'
import { parseWhyState, whyState } from '../src/model/why-state.ts'
import { anyCharacter } from './any-character.ts'

const name = fc.string({ unit: anyCharacter }).filter((text) => text.isWellFormed())

/** As a router writes and reads a path, and a browser a URL. */
function throughUrl(part: string): string {
  const url = new URL(`http://lens/tenants/${encodeURIComponent(part)}`)
  const [, , last] = url.pathname.split('/')
  return decodeURIComponent(last!)
}

describe('addresses', () => {
  it('have a place for every name of a tenant and a user', () => {
    fc.assert(
      fc.property(name, name, (tenant, user) => {
        const { params } = userLink(tenant, user, {})
        assert.equal(nameFromPath(throughUrl(params.tenant)), tenant)
        assert.equal(nameFromPath(throughUrl(params.user)), user)
      }),
    )
    for (const odd of ['', '.', '..', '...', '~', '~x', 'a/b?c#d', 'acme.com', '%2e%2e']) {
      assert.equal(nameFromPath(throughUrl(tenantLink(odd, {}).params.tenant)), odd)
    }
  })

  it('carry the time from page to page and nothing else', () => {
    const search = parseSearchState({ tenant: 'acme', lookback: '6h', status: 'error' })
    assert.deepEqual(tenantLink('acme', timeScope({ ...search })).search, { lookback: '6h' })
    const range = parseSearchState({ tenant: 'acme', start: 1000, end: 2000 })
    assert.deepEqual(timeScope({ ...range }), { start: 1000, end: 2000 })
  })

  it('tell an address of a search from one of home', () => {
    assert.equal(isSearch(parseSearchState({ lookback: '6h' })), false)
    assert.equal(isSearch(parseSearchState({ start: '1', end: '2', unknown: 'x' })), false)
    assert.equal(isSearch(parseSearchState({ tenant: 'acme' })), true)
    assert.equal(isSearch(parseSearchState({ query: 'error = true', lookback: '6h' })), true)
  })

  it('compare with the period that ends where this one begins', () => {
    const before = periodBefore({ start: 10_000, end: 19_999 })
    assert.deepEqual(before, { start: 0, end: 9999 })
  })

  it('keep what is selected on the way to Why?', () => {
    const search = { tenant: 'acme', lookback: '6h', limit: 100, order: 'longest' } as const
    for (const split of [
      { by: 'error' },
      { by: 'duration', threshold: '1.5s' },
      { by: 'filter', where: '{ http.route = "/a b" }' },
      { by: 'selection', start: 1000, end: 2000 },
      { by: 'selection', start: 1000, end: 2000, minDuration: '1s', maxDuration: '2s' },
    ] as const) {
      const { search: state } = whyLink(search, split)
      const parts = Object.fromEntries(
        new URLSearchParams(Object.entries(state).map(([key, value]) => [key, String(value)])),
      )
      assert.deepEqual(parseWhyState(parts), state)
      assert.equal('limit' in state || 'order' in state, false)
    }
    assert.deepEqual(parseWhyState({ split: 'duration' }), whyState({}))
  })
})

describe('the list of tenants in the address', () => {
  it('turns round when it is sorted by the same column again', () => {
    const once = sortedBy({ page: 3, contains: 'a' }, 'p95')
    assert.deepEqual(once, { contains: 'a', sort: 'p95' })
    const twice = sortedBy(once, 'p95')
    assert.deepEqual(twice, { contains: 'a', sort: 'p95', order: 'asc' })
    assert.deepEqual(sortedBy(twice, 'p95'), once)
    assert.equal(sortedBy({}, 'requests').order, 'asc')
    assert.equal(naturalOrder('tenant'), 'asc')
  })

  it('leaves out what is not known, and comes back as it went', () => {
    assert.deepEqual(parseTenantsState({ sort: 'nothing', order: 'up', page: '-1', contains: ' ' }), {})
    fc.assert(
      fc.property(
        fc.record({
          sort: fc.constantFrom(undefined, 'tenant', 'requests', 'p95Change', 'x'),
          order: fc.constantFrom(undefined, 'asc', 'desc', 'x'),
          page: fc.oneof(fc.nat(30_000), fc.string()),
          contains: fc.string(),
          lookback: fc.constantFrom(undefined, '6h', 'x'),
        }),
        (parts) => {
          const state = parseTenantsState(parts)
          assert.deepEqual(parseTenantsState({ ...state }), state)
        },
      ),
    )
  })
})

describe('the traces behind a number', () => {
  it('are of what has no tenant or no user, too', () => {
    assert.deepEqual(tenantScope(''), { query: 'not has(tenant)' })
    assert.deepEqual(userScope('acme', ''), { tenant: 'acme', query: 'not has(user)' })
    assert.deepEqual(userScope('', ''), { query: 'not has(tenant) and not has(user)' })
    assert.deepEqual(narrowed(tenantScope(''), REQUESTS), { query: 'not has(tenant) and root = true' })
  })

  it('of a service are those in which one and the same call failed or was slow', () => {
    const row: Pick<StatRow, 'kind' | 'scope' | 'own'> = {
      kind: 'service',
      scope: { service: 'payments' },
      own: '(kind = server or root = true)',
    }
    const measures = { calls: 9, failed: 1, p50: 1e6, p95: 1_189_207, p99: 3e6 }
    const { all, failed, slow } = searchesOf(row, measures, { lookback: '6h' })
    assert.deepEqual(all, { service: 'payments', lookback: '6h' })
    assert.deepEqual(failed, { ...all, query: row.own, status: 'error' })
    assert.deepEqual(slow, { ...all, query: row.own, minDuration: '1.189207ms', order: 'longest' })
    assert.deepEqual(searchLink(failedOf(all)).search, { ...all, status: 'error' })
    assert.deepEqual(slowOf(all, null), { ...all, order: 'longest' })
  })
})
