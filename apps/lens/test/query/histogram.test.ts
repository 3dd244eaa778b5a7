import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bucketSize } from '../../src/query/histogram.ts'

const hour = 3_600_000

test('picks round buckets, as many as a person can tell apart', () => {
  assert.equal(bucketSize(12_000), 100)
  assert.equal(bucketSize(12_001), 200)
  assert.equal(bucketSize(hour), 30_000)
  assert.equal(bucketSize(2 * hour), 60_000)
  assert.equal(bucketSize(24 * hour), 15 * 60_000)
  assert.equal(bucketSize(30 * 24 * hour), 6 * hour)
})

test('never makes more than 120 buckets, however long the range', () => {
  fc.assert(
    fc.property(fc.nat({ max: 8_640_000_000_000_000 }), (range) => {
      assert.ok(range / bucketSize(range) <= 120)
    }),
  )
})
