import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergeRuns } from '../../src/query/merge-runs.ts'

test('sorts any numbers as a sort does, ties by what is said of them', () => {
  const few = fc.integer({ min: -3, max: 20 })
  const runs = fc.array(
    fc.array(few, { maxLength: 30 }).map((run) => run.sort((a, b) => a - b)),
    { maxLength: 8 },
  )
  const values = fc.oneof(
    fc.array(few),
    runs.map((all) => all.flat()),
  )
  fc.assert(
    fc.property(values, fc.infiniteStream(few), (numbers, stream) => {
      const ranks = numbers.map(() => stream.next().value)
      const expected = numbers
        .map((_, at) => at)
        .sort((a, b) => numbers[a]! - numbers[b]! || ranks[a]! - ranks[b]! || a - b)
      const found = mergeRuns(Float64Array.from(numbers), (a, b) => ranks[a]! < ranks[b]!)
      assert.deepEqual([...found], expected)
    }),
  )
})
