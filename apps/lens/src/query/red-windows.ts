/** Cells of RED metrics as the points of a chart: each point looks back over a window, and windows may overlap. Pure. */

import { binsPerOctave, type RedCells, type RedSeries } from './red-metrics.ts'

export interface RedWindows {
  /** Unix nanoseconds of the first point. */
  readonly first: bigint
  readonly step: bigint
  readonly points: number
  /** Nanoseconds that each point looks back: from that long ago, inclusive, to its own time, exclusive. */
  readonly length: bigint
}

export interface RedPoint {
  readonly calls: number
  readonly failed: number
  /** Nanoseconds, by quantile as asked; undefined without a call. */
  readonly quantiles: readonly number[] | undefined
}

/** Cells of which every window is made up. */
export function cellsOf({ first, step, points, length }: RedWindows): RedCells {
  return { origin: first - length, end: first + step * BigInt(points - 1), step, split: length % step }
}

/** A point for each step; windows slide, so that a cell is looked at twice, however many windows it is in. */
export function redPoints(series: RedSeries, windows: RedWindows, quantiles: readonly number[]): RedPoint[] {
  const { step, points, length } = windows
  const cellsInWindow = 2 * Number(length / step) + (length % step > 0n ? 1 : 0)
  const histogram = new DurationHistogram()
  let [calls, failed] = [0, 0]
  let [entering, leaving] = [0, 0]
  return Array.from({ length: points }, (_, point) => {
    const begin = 2 * point
    for (let cell = series.cells[entering]; cell !== undefined; cell = series.cells[++entering]) {
      if (cell.cell >= begin + cellsInWindow) break
      calls += cell.calls
      failed += cell.failed
      histogram.add(cell.durations, 1)
    }
    for (let cell = series.cells[leaving]; cell !== undefined; cell = series.cells[++leaving]) {
      if (cell.cell >= begin) break
      calls -= cell.calls
      failed -= cell.failed
      histogram.add(cell.durations, -1)
    }
    return {
      calls,
      failed,
      quantiles: calls === 0 ? undefined : quantiles.map((quantile) => histogram.quantile(quantile)),
    }
  })
}

/** Counts of durations by bin. */
export class DurationHistogram {
  /** Up to 2^63 nanoseconds. */
  readonly #counts = new Float64Array(64 * binsPerOctave)
  #total = 0
  /** No bin below or above has ever had a count. */
  #lowest = this.#counts.length
  #highest = -1

  add(durations: readonly (readonly [bin: number, calls: number])[], sign: 1 | -1): void {
    for (const [bin, calls] of durations) {
      this.#counts[bin] = (this.#counts[bin] ?? 0) + sign * calls
      this.#total += sign * calls
      if (bin < this.#lowest) this.#lowest = bin
      if (bin > this.#highest) this.#highest = bin
    }
  }

  /** In nanoseconds, of `quantile` from 0 to 1: where the nearest rank lies, evenly spread over its bin. NaN without durations. */
  quantile(quantile: number): number {
    if (this.#total === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil(quantile * this.#total))
    let before = 0
    for (let bin = this.#lowest; bin <= this.#highest; bin++) {
      const count = this.#counts[bin] ?? 0
      if (before + count >= rank) return lengthAt(bin + (rank - before - 0.5) / count)
      before += count
    }
    return lengthAt(this.#highest + 1)
  }
}

/** Bins are of the duration plus one, so that 0 has one. */
function lengthAt(bin: number): number {
  return 2 ** (bin / binsPerOctave) - 1
}
