/**
 * From nanoseconds to pixels: the boxes of bars, the place of their labels and the ruler's ticks, as pure functions of a
 * view (a window on the trace in nanoseconds since its origin). Called by the ruler, the bars' canvas and the rows.
 */
import { formatDuration, formatDurationAt } from './duration.ts'

export interface TimeView {
  readonly start: number
  readonly end: number
  /** In words, of a part that is more than from here to there. */
  readonly name?: string
}

export interface BarBox {
  readonly x: number
  readonly width: number
}

/** A bar is never thinner, so that a span of 0 ns can be seen and hit. */
export const MIN_BAR = 2

export function project(view: TimeView, width: number, time: number): number {
  return ((time - view.start) / spanOf(view)) * width
}

export function unproject(view: TimeView, width: number, x: number): number {
  return view.start + (x / Math.max(1, width)) * spanOf(view)
}

/** The visible part of a bar, within 0 and width; undefined when it lies outside the view. */
export function barBox(view: TimeView, width: number, start: number, duration: number): BarBox | undefined {
  const end = start + duration
  if (width <= 0 || end < view.start || start > view.end) return undefined
  const left = Math.max(0, project(view, width, start))
  const right = Math.min(width, project(view, width, end))
  const drawn = Math.min(width, Math.max(MIN_BAR, right - left))
  return { x: Math.min(left, width - drawn), width: drawn }
}

export interface LabelPlace {
  readonly side: 'after' | 'before' | 'inside'
  /** From the left for `after` and `inside`, from the right for `before`. */
  readonly offset: number
}

const LABEL_GAP = 6

/** After the bar where there is room, else before it, else within it. */
export function labelPlace(box: BarBox, width: number, labelWidth: number): LabelPlace {
  const end = box.x + box.width
  if (end + LABEL_GAP + labelWidth <= width) return { side: 'after', offset: end + LABEL_GAP }
  if (box.x >= labelWidth + LABEL_GAP) return { side: 'before', offset: width - box.x + LABEL_GAP }
  return { side: 'inside', offset: Math.max(0, box.x) + LABEL_GAP }
}

/** Where bars leave room for a label, at the left of the widest such gap; undefined where none is wide enough. Boxes from left to right. */
export function gapPlace(boxes: Iterable<BarBox>, width: number, labelWidth: number): LabelPlace | undefined {
  let widest = labelWidth + 2 * LABEL_GAP
  let offset: number | undefined
  let end = 0
  const look = (start: number) => {
    if (start - end >= widest) {
      widest = start - end
      offset = end + LABEL_GAP
    }
  }
  for (const box of boxes) {
    look(box.x)
    end = Math.max(end, box.x + box.width)
  }
  look(width)
  return offset === undefined ? undefined : { side: 'after', offset }
}

export interface Tick {
  readonly time: number
  readonly label: string
}

/** Ticks on round times (1, 2 or 5 of a unit), at least `minGap` pixels apart, with one unit for all. */
export function timeTicks(view: TimeView, width: number, minGap: number): readonly Tick[] {
  const step = niceStep((spanOf(view) * minGap) / Math.max(1, width))
  const ticks: Tick[] = []
  const first = Math.ceil(view.start / step)
  const most = Math.min(Math.floor(view.end / step) - first, 200)
  for (let at = 0; at <= most; at++) {
    const time = (first + at) * step
    ticks.push({ time, label: formatDurationAt(time, step, view.end) })
  }
  return ticks
}

const CLOCK_STEPS = [1, 2, 5, 10, 15, 30].flatMap((n) => [n * 60e9, n * 3600e9]).sort((a, b) => a - b)
const DAY = 86_400e9

function niceStep(atLeast: number): number {
  if (atLeast > 30 * 3600e9) return decimalStep(atLeast / DAY) * DAY
  if (atLeast > 30e9) return CLOCK_STEPS.find((step) => step >= atLeast)!
  return decimalStep(atLeast)
}

function decimalStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, atLeast)))
  const factor = [1, 2, 5, 10].find((n) => n * power >= atLeast) ?? 10
  return factor * power
}

/** A view within the trace, with an end after its start; whatever was asked for. */
export function clampView(start: number, end: number, length: number): TimeView {
  const low = Math.min(start, end)
  const high = Math.max(start, end)
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { start: 0, end: length }
  const least = Math.min(length, Math.max(MIN_VIEW, length / FINEST))
  const from = Math.min(Math.max(0, low), length - least)
  return { start: from, end: Math.min(length, Math.max(from + least, high)) }
}

/** By a factor below 1 closer, with the moment where it was across the view. */
export function zoomedAround(view: TimeView, time: number, factor: number, length: number): TimeView {
  const { start, end } = clampView(
    time - (time - view.start) * factor,
    time + (view.end - time) * factor,
    length,
  )
  return { start, end }
}

/** By a share of what is shown, as far as the trace goes. */
export function panned({ start, end }: TimeView, share: number, length: number): TimeView {
  const range = Math.min(length, end - start)
  const from = Math.min(Math.max(0, start + share * range), length - range)
  return { start: from, end: from + range }
}

/** Zooming further than 10 ns, or than what a double can tell apart in a trace of months, would show nothing but rounding. */
const MIN_VIEW = 10
const FINEST = 2 ** 45

export function describeView(view: TimeView): string {
  return view.name ?? `${formatDuration(view.start)} to ${formatDuration(view.end)}`
}

function spanOf(view: TimeView): number {
  return Math.max(1e-9, view.end - view.start)
}
