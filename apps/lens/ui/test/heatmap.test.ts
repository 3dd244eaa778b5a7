import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { exactDuration } from '../src/model/duration.ts'
import {
  cellAt,
  cellRange,
  durationTicks,
  heatGrid,
  inkOf,
  selectionOf,
  tally,
} from '../src/model/heatmap.ts'
import { totalFound } from '../src/model/total-found.ts'

const BUCKET = 1000
const range = { start: 50_500, end: 99_999 }

/** A trace as the server measures it; the answer is counted from them here, bucket by bucket. */
const point = fc.record({
  atMs: fc.integer({ min: range.start, max: range.end }),
  nanos: fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 2_000_000_000 }), fc.integer({ min: 1, max: 9e14 })),
  failed: fc.boolean(),
})
type Point = typeof point extends fc.Arbitrary<infer One> ? One : never

const bucketOf = (nanos: number) => Math.floor(Math.log2(Math.max(nanos, 1)) * 4)
const boundOf = (bucket: number) => (bucket === 0 ? 0 : Math.ceil(2 ** (bucket / 4)))

function answerOf(points: readonly Point[]) {
  const numbers = points.map(({ nanos }) => bucketOf(nanos))
  const lowest = Math.min(...numbers)
  const durations = Array.from({ length: Math.max(...numbers) - lowest + 1 }, (_, at) => ({
    fromNano: boundOf(lowest + at),
    toNano: boundOf(lowest + at + 1),
  }))
  const cells = points.map(({ atMs, nanos, failed }) => ({
    startMs: Math.floor(atMs / BUCKET) * BUCKET,
    duration: bucketOf(nanos) - lowest,
    count: 1,
    errorCount: failed ? 1 : 0,
  }))
  return { bucketMs: BUCKET, durations, cells }
}

/** As the server reads it: a number and a unit, rounded to whole nanoseconds. */
function serverReads(duration: string): number {
  const [, number, unit] = /^([\d.]+)(ns|us|ms|s)$/.exec(duration)!
  return Math.round(Number(number) * { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }[unit as 'ns' | 'us' | 'ms' | 's'])
}

describe('the heatmap', () => {
  it('counts every trace once, however many rows it has room for', () => {
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (points, most) => {
          const grid = heatGrid(answerOf(points), range, most)
          assert.ok(grid.rows.length <= Math.max(most, 1))
          const whole = cellRange(grid, { column: -1, row: -1 }, { column: 1e9, row: 1e9 })
          assert.deepEqual(tally(grid, whole), {
            count: points.length,
            errorCount: points.filter(({ failed }) => failed).length,
          })
          for (let row = 1; row < grid.rows.length; row++)
            assert.equal(grid.rows[row]!.fromNano, grid.rows[row - 1]!.toNano, 'rows lie end to end')
        },
      ),
    )
  })

  it('selects by a rectangle exactly the traces that it counted in it', () => {
    const corner = fc.record({
      column: fc.integer({ min: 0, max: 60 }),
      row: fc.integer({ min: 0, max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 40 }), corner, corner, (points, from, to) => {
        const grid = heatGrid(answerOf(points), range, 30)
        const cells = cellRange(grid, from, to)
        const { start, end, minDuration, maxDuration } = selectionOf(grid, cells)
        const low = minDuration === undefined ? 0 : serverReads(minDuration)
        const high = maxDuration === undefined ? Number.POSITIVE_INFINITY : serverReads(maxDuration)
        const found = points.filter(
          ({ atMs, nanos }) => atMs >= start && atMs <= end && nanos >= low && nanos <= high,
        )
        assert.equal(found.length, tally(grid, cells).count)
      }),
    )
  })

  it('shows the whole range of time, also where nothing was', () => {
    const grid = heatGrid({ bucketMs: BUCKET, durations: [], cells: [] }, range, 30)
    assert.equal(grid.startMs, 50_000)
    assert.equal(grid.columns, 50)
  })

  it('grows by the traces of a clock that is a little ahead, not by those of one that is a year ahead', () => {
    const late = (startMs: number) =>
      heatGrid(
        {
          bucketMs: BUCKET,
          durations: [{ fromNano: 1, toNano: 2 }],
          cells: [{ startMs, duration: 0, count: 1, errorCount: 0 }],
        },
        range,
        30,
      ).columns
    assert.equal(late(101_000), 52)
    assert.equal(late(3e10), 50)
  })

  it('finds the cell under any point, and the nearest beyond its edges', () => {
    const grid = heatGrid(answerOf([{ atMs: 60_000, nanos: 1e6, failed: false }]), range, 30)
    const size = { width: 500, height: 140 }
    assert.deepEqual(cellAt(grid, size, 0, 139), { column: 0, row: 0 })
    assert.deepEqual(cellAt(grid, size, 499, 0), { column: 49, row: grid.rows.length - 1 })
    assert.deepEqual(cellAt(grid, size, -5, 900), { column: 0, row: 0 })
    assert.deepEqual(cellAt(grid, { width: 0, height: 0 }, Number.NaN, Number.NaN).column, 0)
  })

  it('is darker where there is more, and never so light that one trace is lost', () => {
    for (const most of [1, 2, 50, 1e6]) {
      assert.equal(inkOf(0, most), 0)
      assert.ok(inkOf(1, most) >= 0.2)
      assert.ok(inkOf(most, most) <= 1)
      if (most > 1) assert.ok(inkOf(1, most) < inkOf(most, most))
    }
  })

  it('labels the powers of ten from the bottom up', () => {
    const grid = heatGrid(
      answerOf([
        { atMs: 60_000, nanos: 900, failed: false },
        { atMs: 60_000, nanos: 3e9, failed: false },
      ]),
      range,
      36,
    )
    const ticks = durationTicks(grid)
    assert.deepEqual(
      ticks.map(({ nanos }) => nanos),
      [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9],
    )
    for (const [at, tick] of ticks.entries()) {
      assert.ok(tick.at >= 0 && tick.at <= 1)
      if (at > 0) assert.ok(tick.at < ticks[at - 1]!.at)
    }
  })
})

describe('how many traces were found', () => {
  const bound = { total: 200, totalIsExact: false }

  it('is what the search counted, if it counted all', () => {
    assert.deepEqual(totalFound({ total: 7, totalIsExact: true }, { total: 9, sample: { oneIn: 1 } }), {
      total: 7,
      word: '',
    })
  })

  it('is what the heatmap counted or estimated, where the search stopped', () => {
    assert.deepEqual(totalFound(bound, { total: 1204, sample: { oneIn: 1 } }), { total: 1204, word: '' })
    assert.deepEqual(totalFound(bound, { total: 5000, sample: { oneIn: 8 } }), { total: 5000, word: 'about' })
  })

  it('is a bound while nobody knows better', () => {
    assert.deepEqual(totalFound(bound, undefined), { total: 200, word: 'at least' })
    assert.deepEqual(totalFound(bound, { total: 150, sample: { oneIn: 8 } }), {
      total: 200,
      word: 'at least',
    })
  })
})

describe('a duration for the API', () => {
  it('is exact to the nanosecond, in a unit that one can read', () => {
    assert.equal(exactDuration(1_189_207), '1.189207ms')
    assert.equal(exactDuration(2_000_000_000), '2s')
    assert.equal(exactDuration(0), '0ns')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9e14 }), (nanos) => {
        assert.equal(serverReads(exactDuration(nanos)), nanos)
      }),
    )
  })
})
