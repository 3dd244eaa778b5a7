/**
 * Whether two shares differ by more than chance: a test for one value, and the correction for having tested many. Pure; the comparison of
 * cohorts ranks by it.
 */

export interface SharedCounts {
  /** Members of each cohort that have the value. */
  readonly selected: number
  readonly rest: number
}

export interface Significance {
  /** Two-sided. 0 where it is below the smallest double; `logP` still tells those apart. */
  readonly pValue: number
  /** Natural logarithm of the p-value. */
  readonly logP: number
  readonly test: 'g' | 'fisher'
}

/** Below it in any cell, the chi-squared distribution is a bad approximation (Cochran's rule), and the exact test is cheap. */
const smallestExpected = 5

/** `sizes` are the members of the cohorts, of which `counts` have the value. */
export function significance(counts: SharedCounts, sizes: SharedCounts): Significance {
  const total = sizes.selected + sizes.rest
  const having = counts.selected + counts.rest
  const smallest = (Math.min(having, total - having) * Math.min(sizes.selected, sizes.rest)) / total
  if (!(smallest >= smallestExpected)) {
    const logP = fisherLogP(counts, sizes)
    return { pValue: Math.exp(logP), logP, test: 'fisher' }
  }
  const logP = chiSquaredLogP(gStatistic(counts, sizes))
  return { pValue: Math.exp(logP), logP, test: 'g' }
}

/** Of the log-likelihood ratio test on the 2 × 2 table. */
export function gStatistic(counts: SharedCounts, sizes: SharedCounts): number {
  const total = sizes.selected + sizes.rest
  const having = counts.selected + counts.rest
  const cell = (observed: number, row: number, column: number) =>
    observed === 0 ? 0 : observed * Math.log((observed * total) / (row * column))
  const sum =
    cell(counts.selected, sizes.selected, having) +
    cell(counts.rest, sizes.rest, having) +
    cell(sizes.selected - counts.selected, sizes.selected, total - having) +
    cell(sizes.rest - counts.rest, sizes.rest, total - having)
  return Math.max(0, 2 * sum)
}

/** Of the upper tail with one degree of freedom: erfc(√(x/2)). */
export function chiSquaredLogP(statistic: number): number {
  return logErfc(Math.sqrt(statistic / 2))
}

/** Series near zero, continued fraction beyond, each where it converges fast; in logarithms, so that it never underflows. */
function logErfc(x: number): number {
  if (x < 1.5) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -(x * x) / n
      sum += term / (2 * n + 1)
      if (x === 0) break
    }
    return Math.log(1 - (2 / Math.sqrt(Math.PI)) * sum)
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = n / 2 / (x + fraction)
  return -x * x - Math.log(Math.sqrt(Math.PI) * (x + fraction))
}

/** Two-sided: the probability of all tables with these margins that are no likelier than this one. */
export function fisherLogP(counts: SharedCounts, sizes: SharedCounts): number {
  const total = sizes.selected + sizes.rest
  const having = counts.selected + counts.rest
  const lowest = Math.max(0, having - sizes.rest)
  const highest = Math.min(having, sizes.selected)
  // Likelihoods relative to the observed table's: the margins' factorials cancel, and a step is a ratio of four integers.
  let sum = 1
  let tail = 1
  const slack = 1 + 1e-7
  const step = (from: number, direction: 1 | -1) => {
    let likelihood = 1
    for (let k = from; direction === 1 ? k < highest : k > lowest; k += direction) {
      likelihood *=
        direction === 1
          ? ((having - k) * (sizes.selected - k)) / ((k + 1) * (total - having - sizes.selected + k + 1))
          : (k * (total - having - sizes.selected + k)) / ((having - k + 1) * (sizes.selected - k + 1))
      sum += likelihood
      if (likelihood <= slack) tail += likelihood
    }
  }
  step(counts.selected, 1)
  step(counts.selected, -1)
  return Math.min(0, Math.log(tail) - Math.log(sum))
}

/**
 * Benjamini-Hochberg: for each p-value the smallest false discovery rate at which it would be accepted. `sorted` are logarithms, ascending,
 * the smallest of `tests` that were made; those that are not in it can only make the answer smaller.
 */
export function falseDiscoveryRates(sorted: readonly number[], tests: number): number[] {
  let smallest = 1
  return sorted
    .map((logP, index) => ({ logP, rank: index + 1 }))
    .reverse()
    .map(({ logP, rank }) => {
      smallest = Math.min(smallest, Math.exp(logP + Math.log(tests / rank)))
      return smallest
    })
    .reverse()
}
