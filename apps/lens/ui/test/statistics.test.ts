import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatCount, formatPoints, formatRate, formatRatio, formatShare } from '../src/model/amounts.ts'
import {
  type Change,
  changesBetween,
  dispersionOf,
  isNotable,
  type PeriodMeasures,
  wentWithAll,
} from '../src/model/changes.ts'
import { trendOf } from '../src/model/trend.ts'

const MS = 1e6

function period(calls: number, failed = 0, p95: number | null = 100 * MS): PeriodMeasures {
  return calls === 0
    ? { calls, failed: 0, p50: null, p95: null, p99: null }
    : {
        calls,
        failed,
        p50: p95 === null ? null : p95 / 4,
        p95,
        p99: p95 === null ? null : p95 * 1.5,
      }
}

const anyPeriod = fc
  .record({
    calls: fc.nat(100_000),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    p95: fc.double({ min: 1, max: 1e12, noNaN: true }),
  })
  .map(({ calls, share, p95 }) => period(calls, Math.round(calls * share), p95))

function aspect(changes: readonly Change[], name: Change['aspect']): Change | undefined {
  return changes.find((change) => change.aspect === name)
}

describe('what changed between two periods', () => {
  it('finds nothing notable where both are the same', () => {
    fc.assert(
      fc.property(anyPeriod, (one) => {
        for (const change of changesBetween(one, one)) {
          assert.ok(Math.abs(change.deviation) < 1e-6, JSON.stringify(change))
          assert.equal(isNotable(change), false)
        }
      }),
    )
  })

  it('scores from 0 to 1, in order, and says of the way back the opposite', () => {
    fc.assert(
      fc.property(anyPeriod, anyPeriod, (now, before) => {
        const there = changesBetween(now, before)
        const back = changesBetween(before, now)
        for (const [at, change] of there.entries()) {
          assert.ok(change.score >= 0 && change.score <= 1 && change.size >= 0 && change.size <= 1)
          if (at > 0) assert.ok(there[at - 1]!.score >= change.score)
          const other = aspect(back, change.aspect)!
          assert.ok(Math.abs(change.deviation + other.deviation) <= 1e-6 * Math.abs(change.deviation) + 1e-6)
          if (change.now !== change.before) assert.notEqual(change.isWorse, other.isWorse)
        }
      }),
    )
  })

  it('calls a difference of few calls chance, and the same of many a change', () => {
    const few = aspect(changesBetween(period(20, 2), period(20, 1)), 'errors')!
    assert.equal(isNotable(few), false)
    const many = aspect(changesBetween(period(20_000, 2000), period(20_000, 1000)), 'errors')!
    assert.equal(isNotable(many), true)
    assert.equal(many.isWorse, true)
  })

  it('agrees with a test by chance itself: of failures with one cause, hardly any difference is notable', () => {
    let seed = 7
    const random = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed / 2 ** 32
    }
    const draw = () => {
      let failed = 0
      for (let call = 0; call < 400; call++) if (random() < 0.05) failed++
      return period(400, failed)
    }
    let notable = 0
    for (let round = 0; round < 1000; round++) {
      const change = aspect(changesBetween(draw(), draw()), 'errors')!
      if (Math.abs(change.deviation) >= 3) notable++
    }
    // 2.7 are to be expected.
    assert.ok(notable <= 12, `${notable} of 1000`)
  })

  it('takes traffic that always varies for less unusual', () => {
    const [now, before] = [period(1200), period(1000)]
    const steady = aspect(changesBetween(now, before), 'rate')!
    const bursts = aspect(changesBetween(now, before, dispersionOf([0, 300, 0, 400, 0, 500])), 'rate')!
    assert.equal(isNotable(steady), true)
    assert.equal(isNotable(bursts), false)
  })

  it('puts what got worse before what got better by as much, and the larger change first', () => {
    const slower = changesBetween(period(5000, 0, 200 * MS), period(5000, 0, 100 * MS))[0]!
    const faster = changesBetween(period(5000, 0, 100 * MS), period(5000, 0, 200 * MS))[0]!
    const muchSlower = changesBetween(period(5000, 0, 300 * MS), period(5000, 0, 100 * MS))[0]!
    assert.equal(slower.aspect, 'duration')
    assert.ok(slower.score > faster.score)
    assert.ok(muchSlower.score > slower.score)
  })

  it('knows traffic that only went as that of all did', () => {
    const change = (before: number, now: number) =>
      aspect(changesBetween(period(now), period(before)), 'rate')!
    const halved = { before: 9000, now: 4500 }
    assert.equal(wentWithAll(change(1000, 500), halved), true)
    assert.equal(wentWithAll(change(1000, 420), halved), true)
    assert.equal(wentWithAll(change(1000, 100), halved), false)
    assert.equal(wentWithAll(change(1000, 1500), halved), false)
    assert.equal(wentWithAll(change(1000, 0), halved), false)
    assert.equal(wentWithAll(change(1000, 800), { before: 9000, now: 9000 }), false)
  })

  it('tells of who fell silent and who is new', () => {
    const silent = changesBetween(period(0), period(500))[0]!
    assert.deepEqual([silent.aspect, silent.isWorse, isNotable(silent)], ['rate', true, true])
    const fresh = changesBetween(period(500), period(0))[0]!
    assert.deepEqual([fresh.aspect, fresh.isWorse, isNotable(fresh)], ['rate', false, true])
    assert.deepEqual(changesBetween(period(0), period(0)), [])
  })
})

describe('amounts in words', () => {
  it('says rates by the unit that suits them', () => {
    assert.deepEqual([0, 0.005, 1 / 60.001, 0.05, 1, 12.34, 599, 600, 74_400, 1e9].map(formatRate), [
      '0/min',
      '7.2/d',
      '1/h',
      '3/h',
      '1/min',
      '12.3/min',
      '599/min',
      '10/s',
      '1,240/s',
      '16.7 M/s',
    ])
  })

  it('never says none for few, nor all for most', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }), (share) => {
        assert.ok(!['0 %', '100 %'].includes(formatShare(share)), String(share))
      }),
    )
    assert.deepEqual([0, 0.0004, 0.031, 0.12, 0.999, 1, null].map(formatShare), [
      '0 %',
      '<0.1 %',
      '3.1 %',
      '12 %',
      '>99 %',
      '100 %',
      '–',
    ])
  })

  it('says changes as one would', () => {
    assert.deepEqual(
      [
        [100, 124],
        [100, 92],
        [100, 320],
        [500, 100],
        [0, 3],
        [3, 0],
        [100, 100.2],
        [0, 0],
      ].map(([before, now]) => formatRatio(before!, now!)),
      ['+24 %', '−8 %', '×3.2', '÷5', 'new', 'gone', '±0 %', '±0 %'],
    )
    assert.deepEqual(
      [formatPoints(0.18, 0.29), formatPoints(0.05, 0.021), formatPoints(0.1, 0.1002)],
      ['+11 pt', '−2.9 pt', '±0 pt'],
    )
    assert.deepEqual([0, 3.21, 41.26, 1204, 12_400, 999_600].map(formatCount), [
      '0',
      '3.21',
      '41.3',
      '1,204',
      '12.4 k',
      '1 M',
    ])
  })
})

describe('the trend of a heatmap', () => {
  const durations = [1, 2, 4, 8].map((ms) => ({ fromNano: ms * MS, toNano: 2 * ms * MS }))
  const anyCells = fc.uniqueArray(
    fc.record({
      bucket: fc.nat(59),
      duration: fc.nat(3),
      count: fc.integer({ min: 1, max: 500 }),
      failed: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { selector: ({ bucket, duration }) => bucket * 4 + duration },
  )

  it('counts each trace once, and has a percentile between the shortest and the longest there', () => {
    fc.assert(
      fc.property(anyCells, (drawn) => {
        const cells = drawn.map(({ bucket, duration, count, failed }) => ({
          startMs: bucket * 60_000,
          duration,
          count,
          errorCount: Math.floor(count * failed),
        }))
        const trend = trendOf({ bucketMs: 60_000, durations, cells }, { start: 0, end: 3_600_000 - 1 })
        assert.equal(trend.counts.length, 60)
        for (let bucket = 0; bucket < 60; bucket++) {
          const there = cells.filter(({ startMs }) => startMs === bucket * 60_000)
          const sum = (pick: (cell: (typeof cells)[number]) => number) =>
            there.reduce((total, cell) => total + pick(cell), 0)
          assert.equal(
            trend.counts[bucket],
            sum(({ count }) => count),
          )
          assert.equal(
            trend.errors[bucket],
            sum(({ errorCount }) => errorCount),
          )
          const p95 = trend.p95[bucket]
          if (there.length === 0) assert.equal(p95, undefined)
          else {
            const rows = there.map(({ duration }) => durations[duration]!)
            assert.ok(p95! >= Math.min(...rows.map(({ fromNano }) => fromNano)))
            assert.ok(p95! <= Math.max(...rows.map(({ toNano }) => toNano)))
          }
        }
      }),
    )
  })
})
