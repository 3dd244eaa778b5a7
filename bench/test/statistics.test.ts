import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentile, ratioOf, spreadOf } from '../report/statistics.ts'

test('the median of an even number of values lies between the middle two', () => {
  assert.deepEqual(spreadOf([5, 1, 9]), { median: 5, min: 1, max: 9 })
  assert.deepEqual(spreadOf([10, 9, 1, 2]), { median: 5.5, min: 1, max: 10 })
  assert.deepEqual(spreadOf([7]), { median: 7, min: 7, max: 7 })
  assert.throws(() => spreadOf([]), RangeError)
})

test('a ratio is that of the medians, its range that of the runs that stood side by side', () => {
  // The machine was half as fast in the second round: the ratio of that round is still 2.
  assert.deepEqual(ratioOf([20, 40, 20], [10, 20, 10]), { median: 2, min: 2, max: 2 })
  assert.deepEqual(ratioOf([20, 30, 50], [10, 10, 10]), { median: 3, min: 2, max: 5 })
})

test('a percentile is a value that was measured', () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => i + 1)
  assert.equal(percentile(values, 0.5), 50)
  assert.equal(percentile(values, 0.99), 99)
  assert.equal(percentile(values, 1), 100)
  assert.equal(percentile(Float64Array.of(3), 0.99), 3)
})
