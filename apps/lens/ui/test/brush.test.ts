import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { brushed, bucketAt, rangeExtent, rangeMillis } from '../src/model/brush.ts'

const scale = { startMs: 1000, bucketMs: 100, count: 10 }

describe('the brush', () => {
  it('takes whole buckets, in either direction', () => {
    assert.deepEqual(brushed(scale, 200, 45, 119), { first: 2, last: 5 })
    assert.deepEqual(brushed(scale, 200, 119, 45), { first: 2, last: 5 })
    assert.deepEqual(rangeMillis(scale, { first: 2, last: 5 }), { start: 1200, end: 1600 })
  })

  it('takes the bucket under a click', () => {
    assert.deepEqual(rangeMillis(scale, brushed(scale, 200, 41, 41)), { start: 1200, end: 1300 })
  })

  it('stays on the strip when the pointer leaves it', () => {
    assert.deepEqual(brushed(scale, 200, -500, 9999), { first: 0, last: 9 })
    assert.equal(bucketAt(scale, 0, Number.NaN), 0)
  })

  it('gives a range within the strip with an end after its start, for every movement', () => {
    const x = fc.double({ noDefaultInfinity: false })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 4000 }),
        x,
        x,
        (count, width, from, to) => {
          const any = { startMs: 0, bucketMs: 250, count }
          const range = brushed(any, width, from, to)
          const { start, end } = rangeMillis(any, range)
          assert.ok(start >= 0 && start < end && end <= count * 250)
          const extent = rangeExtent(any, range)
          assert.ok(extent.left >= 0 && extent.width > 0 && extent.left + extent.width <= 1 + 1e-9)
        },
      ),
    )
  })
})
