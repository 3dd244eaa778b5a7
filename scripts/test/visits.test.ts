import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DemoTenant } from '../start/addresses.ts'
import { isLoopback } from '../visits/loopback.ts'
import { quantile, Tally } from '../visits/tally.ts'
import { type Visit, Visitors } from '../visits/visitor.ts'

const tenants: readonly DemoTenant[] = ['acme', 'globex'].map((id) => ({
  id,
  name: id,
  users: ['admin', 'author'].map((role) => ({ id: role, name: role, role, token: `${id}-${role}` })),
}))

/** mulberry32: the same visits in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A thousand visits to a server that gives each created node an id. */
function draw(count = 1_000): Visit[] {
  const visitors = new Visitors(tenants, seeded(1))
  return Array.from({ length: count }, (_, index) => {
    const visit = visitors.next()
    visit.answered?.({ status: 200, data: { createNode: { node: { id: `node-${index}` } } }, errors: [] })
    return visit
  })
}

const nameOf = ({ operation }: Visit): string => /^(?:query|mutation) (\w+)/.exec(operation.query)?.[1] ?? ''

describe('Visitors', () => {
  it('come from one tenant three times as often as from the next', () => {
    const acme = draw().filter(({ tenant }) => tenant === 'acme').length
    assert.ok(acme > 700 && acme < 800, `${acme} of 1000`)
  })

  it('bring a token of the tenant that they are counted under', () => {
    for (const { tenant, token, mistaken } of draw()) {
      if (token !== 'expired-or-made-up') assert.ok(token.startsWith(tenant))
      else assert.equal(mistaken, true)
    }
  })

  it('do everything there is to do, and mostly read', () => {
    const counts = Map.groupBy(draw(), nameOf)
    const names = ['LatestNodes', 'Dashboard', 'ReadNode', 'CreateNode', 'PublishNode', 'Typo']
    for (const name of names) assert.ok((counts.get(name)?.length ?? 0) > 0, name)
    assert.ok((counts.get('LatestNodes')?.length ?? 0) > (counts.get('CreateNode')?.length ?? 0))
  })

  it('make some mistakes, and not many', () => {
    const mistaken = draw().filter((visit) => visit.mistaken).length
    assert.ok(mistaken > 10 && mistaken < 100, `${mistaken} of 1000`)
  })

  it('publish a node of their tenant once, by its author', () => {
    const published = draw().filter((visit) => nameOf(visit) === 'PublishNode')
    const ids = published.map(({ operation }) => operation.variables?.id)
    assert.equal(new Set(ids).size, ids.length)
  })

  it('read nothing before something was written', () => {
    const visitors = new Visitors(tenants, seeded(2))
    const names = Array.from({ length: 200 }, () => nameOf(visitors.next()))
    assert.equal(names.includes('ReadNode') || names.includes('PublishNode'), false)
  })
})

describe('Tally', () => {
  it('counts by tenant and in all, busiest first', () => {
    const tally = new Tally()
    tally.add('globex', 'served', 7)
    for (let i = 1; i <= 100; i++) tally.add('acme', i === 1 ? 'failed' : i <= 4 ? 'refused' : 'served', i)
    const rows = tally
      .table()
      .split('\n')
      .map((row) => row.trim().split(/ {3,}/))
    assert.deepEqual(rows, [
      ['tenant', 'requests', 'mistakes', 'failures', 'p50', 'p99', 'max'],
      ['acme', '100', '3', '1', '50.0 ms', '99.0 ms', '100.0 ms'],
      ['globex', '1', '0', '0', '7.0 ms', '7.0 ms', '7.0 ms'],
      ['all', '101', '3', '1', '50.0 ms', '99.0 ms', '100.0 ms'],
    ])
    assert.equal(tally.requests, 101)
    assert.equal(tally.failed, 1)
  })
})

describe('quantile', () => {
  it('is the nearest rank', () => {
    assert.equal(quantile([1, 2, 3, 4], 0.5), 2)
    assert.equal(quantile([1, 2, 3, 4, 5], 0.5), 3)
    assert.equal(quantile([1], 0.99), 1)
    assert.equal(quantile([1, 2], 1), 2)
    assert.ok(Number.isNaN(quantile([], 0.5)))
  })
})

describe('isLoopback', () => {
  for (const url of [
    'http://localhost:5150',
    'http://127.0.0.1',
    'http://127.9.9.9:1',
    'http://[::1]:80',
    'http://0x7f.1',
  ]) {
    it(`is true of ${url}`, () => assert.equal(isLoopback(new URL(url)), true))
  }
  const elsewhere = [
    'http://example.com',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://[fe80::1]',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
    'http://127.0.0.1@example.com',
  ]
  for (const url of elsewhere) {
    it(`is false of ${url}`, () => assert.equal(isLoopback(new URL(url)), false))
  }
})
