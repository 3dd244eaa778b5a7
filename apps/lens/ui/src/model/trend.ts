/** How traces, errors and durations went over time, from the cells of the heatmap. Called by the charts above the home page and a tenant's. */
import type { HeatmapResponse } from 'rustok-lens/contract'
import { heatGrid } from './heatmap.ts'

export interface Trend {
  readonly startMs: number
  readonly bucketMs: number
  readonly counts: readonly number[]
  readonly errors: readonly number[]
  /** Nanoseconds, within the quarter of a doubling that the heatmap's rows are high; undefined where nothing was. */
  readonly p95: readonly (number | undefined)[]
}

export function trendOf(
  response: Pick<HeatmapResponse, 'bucketMs' | 'durations' | 'cells'>,
  range: { readonly start: number; readonly end: number },
): Trend {
  const grid = heatGrid(response, range, Number.POSITIVE_INFINITY)
  const counts: number[] = []
  const errors: number[] = []
  const p95: (number | undefined)[] = []
  for (let column = 0; column < grid.columns; column++) {
    const cells = grid.rows.map((_, row) => grid.counts[row * grid.columns + column]!)
    const count = sum(cells)
    counts.push(count)
    errors.push(sum(grid.rows.map((_, row) => grid.errors[row * grid.columns + column]!)))
    p95.push(quantile(cells, count, grid.rows))
  }
  return { startMs: grid.startMs, bucketMs: grid.bucketMs, counts, errors, p95 }
}

/** In the row that it falls into, as far as its rank does (by the logarithm). */
function quantile(
  cells: readonly number[],
  count: number,
  rows: readonly { readonly fromNano: number; readonly toNano: number }[],
): number | undefined {
  if (count === 0) return undefined
  let left = 0.95 * count
  for (const [at, cell] of cells.entries()) {
    if (cell > 0 && left <= cell) {
      const { fromNano, toNano } = rows[at]!
      const from = Math.max(1, fromNano)
      return from * (Math.max(from, toNano) / from) ** (left / cell)
    }
    left -= cell
  }
  return rows.at(-1)?.toNano
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
