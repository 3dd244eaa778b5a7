/** Labels for a strip of time: round times of the reader's clock, no more than fit. Called by the histogram. */
import { formatDay, formatTimeOfDay } from './time.ts'
import { zoneShift } from './time-zone.ts'

export interface AxisLabel {
  /** Fraction of the strip's width. */
  readonly at: number
  readonly label: string
}

const MINUTE = 60_000
const STEPS = [
  100,
  500,
  1000,
  5000,
  15_000,
  30_000,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  60 * MINUTE,
  2 * 60 * MINUTE,
  3 * 60 * MINUTE,
  6 * 60 * MINUTE,
  12 * 60 * MINUTE,
  24 * 60 * MINUTE,
  2 * 24 * 60 * MINUTE,
  7 * 24 * 60 * MINUTE,
  30 * 24 * 60 * MINUTE,
  365 * 24 * 60 * MINUTE,
]

export function timeAxis(startMs: number, endMs: number, most: number, now: number): readonly AxisLabel[] {
  const span = endMs - startMs
  if (!(span > 0) || most < 1) return []
  const step = STEPS.find((candidate) => span / candidate <= most) ?? span
  const offset = -zoneShift(startMs)
  const labels: AxisLabel[] = []
  for (let time = Math.ceil((startMs - offset) / step) * step + offset; time <= endMs; time += step) {
    labels.push({
      at: (time - startMs) / span,
      label: step >= 24 * 60 * MINUTE ? formatDay(time) : formatTimeOfDay(time, step, now),
    })
  }
  return labels
}
