import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  countFrom,
  type DurationScale,
  durationScale,
  nextThreshold,
  placeOf,
  thresholdAt,
  ticksOf,
} from '../src/model/threshold.ts'

/** Four to each doubling, without gaps, as Lens answers. */
const scales = fc
  .record({
    first: fc.integer({ min: 0, max: 140 }),
    counts: fc.array(fc.nat(5000), { minLength: 1, maxLength: 60 }),
  })
  .map(({ first, counts }) => {
    const edge = (at: number) => Math.ceil(2 ** (at / 4))
    const buckets = counts
      .map((count, at) => ({
        fromNano: edge(first + at),
        toNano: edge(first + at + 1),
        count,
        errorCount: 0,
      }))
      .filter(({ fromNano, toNano }) => toNano > fromNano)
    return durationScale({ buckets })
  })
  .filter((scale): scale is DurationScale => scale !== undefined)

describe('the threshold of what is slow', () => {
  it('has bars that fill the scale without gaps, and counts all from its lower end and none from its upper one', () => {
    fc.assert(
      fc.property(scales, (scale) => {
        assert.equal(scale.bars[0]?.left, 0)
        for (const [at, bar] of scale.bars.entries()) {
          assert.ok(bar.right >= bar.left && bar.right <= 1)
          const next = scale.bars[at + 1]
          if (next !== undefined) assert.equal(next.left, bar.right)
          // At an edge nothing is guessed.
          const beyond = scale.bars.slice(at).reduce((sum, { count }) => sum + count, 0)
          assert.equal(countFrom(scale, bar.fromNano), beyond)
        }
        assert.equal(countFrom(scale, scale.bars.at(-1)!.toNano), 0)
      }),
    )
  })

  it('counts fewer the further right it stands', () => {
    fc.assert(
      fc.property(
        scales,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
        (scale, places) => {
          const counts = places
            .toSorted((a, b) => a - b)
            .map((place) => countFrom(scale, thresholdAt(scale, place)))
          assert.deepEqual(
            counts,
            counts.toSorted((a, b) => b - a),
          )
        },
      ),
    )
  })

  it('is a whole number of two digits, near to where it was pointed', () => {
    fc.assert(
      fc.property(scales, fc.double({ min: 0, max: 1, noNaN: true }), (scale, place) => {
        const nanos = thresholdAt(scale, place)
        assert.ok(Number.isInteger(nanos) && nanos >= 1)
        assert.match(String(nanos), /^\d\d?0*$/)
        const meant = scale.low * (scale.high / scale.low) ** place
        assert.ok(Math.abs(nanos - meant) <= Math.max(0.5, meant * 0.05001), `${nanos} for ${meant}`)
      }),
    )
  })

  it('is led by keys from end to end, one way and back', () => {
    fc.assert(
      fc.property(scales, (scale) => {
        const steps = (from: number, by: 1 | -1) => {
          const seen = [from]
          for (
            let next = nextThreshold(scale, from, by);
            next !== seen.at(-1);
            next = nextThreshold(scale, next, by)
          )
            seen.push(next)
          return seen
        }
        const up = steps(0, 1).slice(1)
        assert.deepEqual(
          up,
          up.toSorted((a, b) => a - b),
        )
        assert.deepEqual(steps(up.at(-1)!, -1), up.toReversed())
        assert.ok(up.length <= scale.bars.length + 1)
      }),
    )
  })

  it('has an axis that is neither empty nor crowded', () => {
    fc.assert(
      fc.property(scales, (scale) => {
        const ticks = ticksOf(scale)
        assert.ok(ticks.length <= 13)
        for (const { nanos, place } of ticks) assert.equal(place, placeOf(scale, nanos))
      }),
    )
    const tick = (low: number, high: number) => ticksOf({ low, high }).map(({ nanos }) => nanos / 1e6)
    assert.deepEqual(tick(8e6, 300e6), [10, 20, 50, 100, 200])
    assert.deepEqual(tick(0.5e6, 3000e6), [1, 10, 100, 1000])
  })

  it('has no scale where there is nothing', () => {
    assert.equal(durationScale({ buckets: [] }), undefined)
  })
})
