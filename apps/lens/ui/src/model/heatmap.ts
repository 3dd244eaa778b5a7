/**
 * The heatmap of latency over time as a dense grid, and the rectangle that is selected in it. The server's rows are a fifth of a doubling high;
 * where they are more than can be seen, neighbours are drawn as one. Called by the Heatmap component.
 */
import type { DurationBucket, HeatmapResponse } from 'rustok-lens/contract'
import { exactDuration } from './duration.ts'

export interface HeatGrid {
  readonly startMs: number
  readonly bucketMs: number
  readonly columns: number
  /** Shortest first. */
  readonly rows: readonly DurationBucket[]
  /** By row, then column: `row * columns + column`. */
  readonly counts: Float64Array
  readonly errors: Float64Array
  /** The largest count of a cell. */
  readonly most: number
}

/** Of cells, all inclusive. */
export interface CellRange {
  readonly left: number
  readonly right: number
  readonly bottom: number
  readonly top: number
}

const FEWEST_ROWS = 14
/** The server answers with 120 at most; clocks that differ may add some, and a sender whose clock is a year off must not add more. */
const MOST_COLUMNS = 480

export function heatGrid(
  response: Pick<HeatmapResponse, 'bucketMs' | 'durations' | 'cells'>,
  range: { readonly start: number; readonly end: number },
  mostRows: number,
): HeatGrid {
  const { bucketMs, cells } = response
  let first = Math.floor(range.start / bucketMs)
  let last = Math.max(first, Math.floor(range.end / bucketMs))
  for (const { startMs } of cells) {
    const at = Math.floor(startMs / bucketMs)
    if (at < first && last - at < MOST_COLUMNS) first = at
    if (at > last && at - first < MOST_COLUMNS) last = at
  }
  const columns = Math.min(MOST_COLUMNS, last - first + 1)
  const { rows, rowOf } = mergedRows(response.durations, mostRows)
  const counts = new Float64Array(rows.length * columns)
  const errors = new Float64Array(rows.length * columns)
  let most = 0
  for (const { startMs, duration, count, errorCount } of cells) {
    const column = Math.floor(startMs / bucketMs) - first
    if (column < 0 || column >= columns) continue
    const at = rowOf(duration) * columns + column
    counts[at]! += count
    errors[at]! += errorCount
    most = Math.max(most, counts[at]!)
  }
  return { startMs: first * bucketMs, bucketMs, columns, rows, counts, errors, most }
}

/** Neighbours together where there are too many; empty rows around them where there are so few that each would be a block. */
function mergedRows(
  durations: readonly DurationBucket[],
  mostRows: number,
): { readonly rows: readonly DurationBucket[]; readonly rowOf: (duration: number) => number } {
  if (durations.length === 0) return { rows: [], rowOf: () => 0 }
  let merged = 1
  while (Math.ceil(durations.length / merged) > Math.max(1, mostRows)) merged *= 2
  const rows: DurationBucket[] = []
  for (let at = 0; at < durations.length; at += merged) {
    const to = durations[Math.min(at + merged, durations.length) - 1]!.toNano
    rows.push({ fromNano: durations[at]!.fromNano, toNano: to })
  }
  let below = 0
  while (rows.length < Math.min(FEWEST_ROWS, mostRows)) {
    const { fromNano } = rows[0]!
    const { toNano } = rows.at(-1)!
    const lower = Math.floor(fromNano / STEP)
    if (rows.length % 2 === 0 && lower >= 1 && lower < fromNano) {
      rows.unshift({ fromNano: lower, toNano: fromNano })
      below++
    } else rows.push({ fromNano: toNano, toNano: Math.max(toNano + 1, Math.ceil(toNano * STEP)) })
  }
  return { rows, rowOf: (duration) => below + Math.floor(duration / merged) }
}

const STEP = 2 ** (1 / 4)

export function cellRange(grid: HeatGrid, from: Cell, to: Cell): CellRange {
  const column = (cell: Cell) => Math.min(Math.max(0, cell.column), grid.columns - 1)
  const row = (cell: Cell) => Math.min(Math.max(0, cell.row), grid.rows.length - 1)
  return {
    left: Math.min(column(from), column(to)),
    right: Math.max(column(from), column(to)),
    bottom: Math.min(row(from), row(to)),
    top: Math.max(row(from), row(to)),
  }
}

export interface Cell {
  readonly column: number
  readonly row: number
}

/** The cell under a point of the map, `y` from its top; beyond the map, the nearest. */
export function cellAt(
  grid: HeatGrid,
  size: { readonly width: number; readonly height: number },
  x: number,
  y: number,
): Cell {
  const part = (at: number, whole: number, count: number) => {
    const cell = Math.floor((at / Math.max(1, whole)) * count)
    return Math.min(Math.max(0, count - 1), Math.max(0, Number.isFinite(cell) ? cell : 0))
  }
  return {
    column: part(x, size.width, grid.columns),
    row: grid.rows.length - 1 - part(y, size.height, grid.rows.length),
  }
}

export interface Tally {
  readonly count: number
  readonly errorCount: number
}

export function tally(grid: HeatGrid, { left, right, bottom, top }: CellRange): Tally {
  let count = 0
  let errorCount = 0
  for (let row = bottom; row <= top; row++) {
    for (let column = left; column <= right; column++) {
      count += grid.counts[row * grid.columns + column] ?? 0
      errorCount += grid.errors[row * grid.columns + column] ?? 0
    }
  }
  return { count, errorCount }
}

/** As a search says it: both ends of the time are in it, and so are both durations. A side that the rectangle reaches has no limit. */
export interface Selection {
  readonly start: number
  readonly end: number
  readonly minDuration: string | undefined
  readonly maxDuration: string | undefined
}

export function selectionOf(grid: HeatGrid, { left, right, bottom, top }: CellRange): Selection {
  const reachesTop = top === grid.rows.length - 1
  return {
    start: grid.startMs + left * grid.bucketMs,
    end: grid.startMs + (right + 1) * grid.bucketMs - 1,
    minDuration: bottom === 0 ? undefined : exactDuration(grid.rows[bottom]!.fromNano),
    maxDuration: reachesTop ? undefined : exactDuration(grid.rows[top]!.toNano - 1),
  }
}

/** Lightness of a cell, 0 (the paper) to 1 (ink): by the logarithm, so that a single slow trace beside thousands is seen. */
export function inkOf(count: number, most: number): number {
  if (count <= 0) return 0
  return most <= 1 ? 0.55 : 0.2 + 0.8 * (Math.log(count) / Math.log(most))
}

export interface DurationTick {
  readonly nanos: number
  /** Fraction of the height, from the top. */
  readonly at: number
}

/** Powers of ten within the rows, where rows meet or inside of one. */
export function durationTicks({ rows }: Pick<HeatGrid, 'rows'>): readonly DurationTick[] {
  if (rows.length === 0) return []
  const ticks: DurationTick[] = []
  const last = rows.at(-1)!.toNano
  for (let nanos = 1; nanos <= last; nanos *= 10) {
    const row = rows.findIndex(({ fromNano, toNano }) => nanos >= fromNano && nanos < toNano)
    if (row === -1) continue
    const { fromNano, toNano } = rows[row]!
    const low = Math.log(Math.max(1, fromNano))
    const within = Math.min(1, Math.max(0, (Math.log(nanos) - low) / (Math.log(toNano) - low || 1)))
    ticks.push({ nanos, at: 1 - (row + within) / rows.length })
  }
  return ticks
}
