import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Dealt, Deck } from '../visits/deck.ts'
import { findings, handlerCountsIn } from '../visits/findings.ts'
import * as journeys from '../visits/journeys.ts'
import { judge } from '../visits/judge.ts'
import { isLoopback } from '../visits/loopback.ts'
import type { Person, Role, Town } from '../visits/people.ts'
import { quantile, Tally } from '../visits/tally.ts'

const roles: readonly Role[] = ['admin', 'author', 'customer', 'viewer']
const towns: readonly Town[] = ['acme', 'globex', 'initech'].map((tenant) => ({
  tenant,
  endedToken: 'ended',
  people: roles.map(
    (role): Person => ({
      tenant,
      name: role,
      role,
      session: undefined,
      token: async () => `${tenant} ${role}`,
    }),
  ),
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

function deal(count: number): Dealt[] {
  const deck = new Deck(towns, seeded(1))
  return Array.from({ length: count }, () => deck.next())
}

describe('Deck', () => {
  it('deals every journey in a hundred visits', () => {
    const dealt = new Set(deal(100).map(({ journey }) => journey))
    assert.deepEqual(
      [...dealt].map(({ name }) => name).toSorted(),
      Object.values(journeys)
        .map(({ name }) => name)
        .toSorted(),
    )
  })

  it('deals journeys to those alone who may make them', () => {
    for (const { journey, person } of deal(2_000))
      assert.ok(journey.roles.includes(person.role), journey.name)
  })

  it('sends people of their own tenant, and more from one tenant than from the next', () => {
    const dealt = deal(2_000)
    assert.ok(
      dealt.every(({ town, elsewhere, person }) => person.tenant === town.tenant && elsewhere !== town),
    )
    const [acme = 0, globex = 0, initech = 0] = towns.map(
      ({ tenant }) => dealt.filter(({ town }) => town.tenant === tenant).length,
    )
    assert.ok(
      acme > 1.6 * globex && globex > 1.6 * initech && initech > 100,
      `${acme}, ${globex}, ${initech}`,
    )
  })

  it('manages with one tenant', () => {
    const deck = new Deck(towns.slice(0, 1), seeded(2))
    assert.equal(deck.next().elsewhere, towns[0])
  })
})

describe('judge', () => {
  const served = { status: 200, kinds: [] }
  const conflict = { status: 200, kinds: ['VersionConflictError'] }

  it('takes what is served for a good request and for nothing else', () => {
    assert.equal(judge(served, {}), 'served')
    assert.equal(judge(conflict, {}), 'failed')
    assert.equal(judge({ status: 401, kinds: [] }, {}), 'failed')
  })

  it('wants a mistake refused, for its own reason', () => {
    assert.equal(judge(conflict, { refusedAs: ['VersionConflictError'] }), 'refused')
    assert.equal(judge({ status: 403, kinds: [] }, { refusedAs: [403] }), 'refused')
    assert.equal(judge(served, { refusedAs: [403] }), 'failed')
    assert.equal(judge({ status: 401, kinds: [] }, { refusedAs: [403] }), 'failed')
  })

  it('lets others have been quicker where they may be', () => {
    assert.equal(judge(conflict, { mayBe: ['VersionConflictError'] }), 'refused')
    assert.equal(judge(served, { mayBe: ['VersionConflictError'] }), 'served')
  })

  it("never takes the server's own trouble for an answer", () => {
    for (const answer of [
      { status: 503, kinds: [] },
      { status: 200, kinds: ['INTERNAL_SERVER_ERROR'] },
    ]) {
      assert.equal(judge(answer, { refusedAs: [503, 'INTERNAL_SERVER_ERROR'] }), 'failed')
    }
  })
})

describe('findings', () => {
  const seen = {
    lens: 'http://localhost:1',
    begin: 10_000,
    end: 40_000,
    busiest: 'acme',
    failed: 4,
    deadLetters: 2,
  }

  it('are addresses of searches in Lens over the time of the visits', () => {
    for (const { url } of findings(seen)) {
      const { pathname, searchParams } = new URL(url)
      assert.equal(pathname, '/search')
      assert.ok(Number(searchParams.get('start')) < 10_000 && Number(searchParams.get('end')) > 40_000)
    }
    assert.match(findings(seen)[0]!.what, /4 times so far, dead letters by now: 2/)
  })

  it('do not promise failures that there were none of', () => {
    assert.equal(findings({ ...seen, failed: 0 }).length, findings(seen).length - 1)
  })

  it('count what all handlers failed at', () => {
    const metrics = [
      'rustok_event_deliveries_total{type="x",handler="a",outcome="handled"} 9',
      'rustok_event_deliveries_total{type="x",handler="a",outcome="failed"} 3',
      'rustok_event_deliveries_total{type="x",handler="b",outcome="dead"} 1',
      'rustok_event_dead_letters{handler="a"} 2',
      'rustok_event_dead_letters{handler="b"} 1',
      '',
    ].join('\n')
    assert.deepEqual(handlerCountsIn(metrics), { failed: 4, deadLetters: 3 })
    assert.deepEqual(handlerCountsIn(''), { failed: 0, deadLetters: 0 })
  })
})

describe('Tally', () => {
  it('counts by tenant and in all, busiest first', () => {
    const tally = new Tally()
    tally.add({ tenant: 'globex', journey: 'read', outcome: 'served', milliseconds: 7 })
    for (let i = 1; i <= 100; i++) {
      const outcome = i === 1 ? 'failed' : i <= 4 ? 'refused' : 'served'
      const why = outcome === 'failed' ? { why: '503' } : {}
      tally.add({ tenant: 'acme', journey: 'buy', outcome, milliseconds: i, ...why })
    }
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
    assert.equal(tally.busiest, 'acme')
    assert.deepEqual(tally.failures(), [{ journey: 'buy', why: '503', count: 1 }])
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
