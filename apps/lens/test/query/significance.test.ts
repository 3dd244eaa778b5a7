/** The tests of significance against values of R (pchisq, fisher.test, p.adjust) and against enumeration. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  chiSquaredLogP,
  falseDiscoveryRates,
  fisherLogP,
  gStatistic,
  significance,
} from '../../src/query/compare/significance.ts'

function assertClose(actual: number, expected: number, relative = 1e-9): void {
  assert.ok(
    Math.abs(actual - expected) <= relative * Math.max(Math.abs(expected), 1e-300),
    `${actual} is not ${expected}`,
  )
}

test('has the tail of the chi-squared distribution at its well-known quantiles', () => {
  assert.equal(chiSquaredLogP(0), 0)
  assertClose(Math.exp(chiSquaredLogP(0.4549364231195724)), 0.5)
  assertClose(Math.exp(chiSquaredLogP(3.841458820694124)), 0.05)
  assertClose(Math.exp(chiSquaredLogP(6.6348966010212145)), 0.01)
  assertClose(Math.exp(chiSquaredLogP(10.827566170662733)), 0.001)
})

test('tells tails apart that a double cannot hold', () => {
  assert.ok(chiSquaredLogP(2000) > chiSquaredLogP(2001))
  // erfc(x) → exp(-x²) / (x √π)
  assertClose(chiSquaredLogP(20_000), -10_000 - Math.log(Math.sqrt(10_000 * Math.PI)), 1e-7)
})

test('falls without a step where the series gives way to the fraction', () => {
  const around = [2.249 * 2, 2.2499999 * 2, 2.25 * 2, 2.2500001 * 2, 2.251 * 2].map(chiSquaredLogP)
  for (let index = 1; index < around.length; index++) assert.ok(around[index]! < around[index - 1]!)
  assertClose(around[2]!, around[1]!, 1e-6)
})

test('agrees with R on the lady tasting tea and on the convictions of twins', () => {
  assertClose(Math.exp(fisherLogP({ selected: 3, rest: 1 }, { selected: 4, rest: 4 })), 0.4857142857142857)
  assertClose(
    Math.exp(fisherLogP({ selected: 2, rest: 15 }, { selected: 12, rest: 18 })),
    0.0005367241191,
    1e-6,
  )
  assertClose(Math.exp(fisherLogP({ selected: 2, rest: 0 }, { selected: 2, rest: 8 })), 1 / 45)
})

test('sums the exact test over all tables, whatever the margins', () => {
  const table = fc.record({
    selected: fc.integer({ min: 1, max: 25 }),
    rest: fc.integer({ min: 1, max: 25 }),
    a: fc.nat({ max: 25 }),
    b: fc.nat({ max: 25 }),
  })
  fc.assert(
    fc.property(table, ({ selected, rest, a, b }) => {
      const counts = { selected: Math.min(a, selected), rest: Math.min(b, rest) }
      const having = counts.selected + counts.rest
      const likelihood = (k: number) =>
        (choose(selected, k) * choose(rest, having - k)) / choose(selected + rest, having)
      const observed = likelihood(counts.selected)
      let expected = 0
      for (let k = 0; k <= having; k++) if (likelihood(k) <= observed * (1 + 1e-7)) expected += likelihood(k)
      assertClose(Math.exp(fisherLogP(counts, { selected, rest })), Math.min(1, expected), 1e-6)
    }),
  )
})

function choose(n: number, k: number): number {
  if (k < 0 || k > n) return 0
  let result = 1
  for (let index = 1; index <= k; index++) result = (result * (n - k + index)) / index
  return result
}

test('has a log-likelihood ratio of nothing for equal shares, and grows with the difference', () => {
  assertClose(gStatistic({ selected: 10, rest: 100 }, { selected: 100, rest: 1000 }) + 1, 1)
  const sizes = { selected: 100, rest: 1000 }
  const statistics = [20, 30, 60, 100].map((selected) => gStatistic({ selected, rest: 100 }, sizes))
  assert.deepEqual(
    statistics,
    statistics.toSorted((x, y) => x - y),
  )
  const expected =
    2 * (60 * Math.log(60 / 45) + 30 * Math.log(30 / 45) + 40 * Math.log(40 / 55) + 70 * Math.log(70 / 55))
  assertClose(gStatistic({ selected: 60, rest: 30 }, { selected: 100, rest: 100 }), expected)
})

test('takes the exact test where an expected count is below five, the other from there on', () => {
  assert.equal(significance({ selected: 4, rest: 0 }, { selected: 10, rest: 10 }).test, 'fisher')
  assert.equal(significance({ selected: 9, rest: 1 }, { selected: 10, rest: 10 }).test, 'g')
  assert.equal(significance({ selected: 10, rest: 89 }, { selected: 50, rest: 950 }).test, 'fisher')
  assert.equal(significance({ selected: 10, rest: 90 }, { selected: 50, rest: 950 }).test, 'g')
})

test('finds nothing in a value that all have', () => {
  const { pValue } = significance({ selected: 50, rest: 70 }, { selected: 50, rest: 70 })
  assert.equal(pValue, 1)
})

test('adjusts for many tests as Benjamini and Hochberg do', () => {
  // p.adjust(c(0.005, 0.009, 0.05, 0.05, 0.5), 'BH')
  const rates = falseDiscoveryRates([0.005, 0.009, 0.05, 0.05, 0.5].map(Math.log), 5)
  const expected = [0.0225, 0.0225, 0.0625, 0.0625, 0.5]
  rates.forEach((rate, index) => {
    assertClose(rate, expected[index]!)
  })
})

test('never promises more when only the smallest p-values are known', () => {
  const ascending = fc.array(fc.double({ min: 1e-12, max: 1, noNaN: true }), { minLength: 2, maxLength: 40 })
  fc.assert(
    fc.property(ascending, (values) => {
      const sorted = values.toSorted((x, y) => x - y).map(Math.log)
      const all = falseDiscoveryRates(sorted, sorted.length)
      const known = falseDiscoveryRates(sorted.slice(0, Math.ceil(sorted.length / 2)), sorted.length)
      known.forEach((rate, index) => {
        assert.ok(rate >= all[index]! - 1e-12)
      })
    }),
  )
})
