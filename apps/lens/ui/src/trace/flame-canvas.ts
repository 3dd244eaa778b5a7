/**
 * Draws the flame's lanes that are in sight: a block a span in its service's colour, its name where there is room. Blocks of less than a pixel
 * are drawn once a pixel, and a failed one is always seen. Called by the flame view whenever the lanes, the zoom or the cursor change.
 */
import { formatDuration } from '../model/duration.ts'
import { type FlameLayout, laneBars } from '../model/flame-layout.ts'
import { readableOn } from '../model/readable-ink.ts'
import { project, type Tick, type TimeView } from '../model/timeline.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { visibleParts } from '../model/visible-text.ts'
import type { ThemeColors } from '../ui/use-theme-colors.ts'
import { type Drawing, drawPicture } from './picture.ts'
import { TIMELINE_PADDING } from './waterfall-canvas.ts'

export const LANE_HEIGHT = 22
const BLOCK_HEIGHT = 20
/** The band of a failed span. */
const FOOT = 4
/** Below this no letter and its dots fit. */
const LEAST_LABEL = 26
const FONT = '12px "Plex Sans", system-ui, sans-serif'

export interface FlameScene {
  readonly model: TraceModel
  readonly layout: FlameLayout
  readonly first: number
  readonly end: number
  readonly view: TimeView
  readonly ticks: readonly Tick[]
  readonly width: number
  readonly cursor: number
  readonly hovered: number | undefined
  readonly selected: number | undefined
  /** By span 1 for those that are not paled; undefined for all. */
  readonly matches: Uint8Array | undefined
  readonly serviceColors: readonly string[]
  readonly colors: ThemeColors
}

export function drawFlame(canvas: HTMLCanvasElement, scene: FlameScene): void {
  const height = Math.max(1, (scene.end - scene.first) * LANE_HEIGHT)
  drawPicture(canvas, { width: scene.width, height }, (context) => draw(context, scene, height))
}

function draw(context: Drawing, scene: FlameScene, height: number): void {
  const { first, end, width, layout, view, ticks, model, colors } = scene
  const wide = flameWidth(width)
  context.fillStyle = colors.line
  for (const { time } of ticks)
    context.fillRect(Math.round(TIMELINE_PADDING + project(view, wide, time)), 0, 1, height)
  context.font = FONT
  context.textBaseline = 'middle'
  for (let lane = first; lane < end; lane++) {
    const y = (lane - first) * LANE_HEIGHT + 1
    for (const { span, x, width: across } of laneBars(layout, model.times, lane, view, wide))
      drawBlock(context, scene, span, TIMELINE_PADDING + x, y, across)
  }
  drawNarrowFailures(context, scene, wide)
}

export function flameWidth(width: number): number {
  return Math.max(1, width - 2 * TIMELINE_PADDING)
}

function drawBlock(
  context: Drawing,
  scene: FlameScene,
  span: number,
  x: number,
  y: number,
  width: number,
): void {
  const { model, serviceColors, colors, cursor, selected, hovered, matches } = scene
  const fill = serviceColors[model.service[span]!]!
  // A gap of half a pixel tells neighbours apart.
  const drawn = width > 3 ? width - 0.75 : width
  context.globalAlpha = matches === undefined || matches[span] === 1 ? 1 : 0.22
  context.fillStyle = fill
  context.fillRect(x, y, drawn, BLOCK_HEIGHT)
  context.globalAlpha = 1
  const isFailed = model.failed[span] === 1
  if (isFailed && drawn >= 3) {
    // Not by colour alone: a failed span has a band at its foot.
    context.fillStyle = colors.surface
    context.fillRect(x, y + BLOCK_HEIGHT - FOOT - 1, drawn, 1)
    context.fillStyle = colors.error
    context.fillRect(x, y + BLOCK_HEIGHT - FOOT, drawn, FOOT)
  }
  if (drawn >= LEAST_LABEL) {
    context.fillStyle = matches === undefined || matches[span] === 1 ? readableOn(fill) : colors.ink
    drawLabel(context, labelOf(model, span), x + 5, y + (isFailed ? 8.5 : 10.5), drawn - 10)
  }
  if (span === cursor || span === selected || span === hovered) {
    context.strokeStyle = colors.ink
    context.lineWidth = span === hovered && span !== cursor ? 1 : 2
    context.strokeRect(x + 1, y + 1, Math.max(1, drawn - 2), BLOCK_HEIGHT - 2)
  }
}

/** Of many spans in one pixel the first gives the colour; one that failed among them gets the band of a wide one, no more: few of many stay few. */
function drawNarrowFailures(context: Drawing, scene: FlameScene, wide: number): void {
  const { model, layout, first, end, view, colors } = scene
  const { start, duration } = model.times
  const least = (3 * (view.end - view.start)) / wide
  const drawn = new Set<number>()
  context.fillStyle = colors.error
  for (const span of model.failedOrder) {
    const lane = layout.lane[span]!
    if (lane < first || lane >= end || duration[span]! >= least) continue
    if (start[span]! > view.end || start[span]! + duration[span]! < view.start) continue
    const x = Math.round(TIMELINE_PADDING + Math.max(0, project(view, wide, start[span]!)))
    const place = lane * 0x10000 + x
    if (drawn.has(place)) continue
    drawn.add(place)
    const foot = (lane - first) * LANE_HEIGHT + 1 + BLOCK_HEIGHT - FOOT
    context.clearRect(x - 1, foot - 1, 3, 1)
    context.fillRect(x - 1, foot, 3, FOOT)
  }
}

/** Longer ones are cut before they are measured. */
const LONGEST = 160

function labelOf({ spans, times }: TraceModel, span: number): string {
  const { name } = spans[span]!
  const shown = visibleParts(name.slice(0, LONGEST))
    .map(({ text }) => text)
    .join('')
  // Isolated: a name from right to left leaves the duration where it is.
  return `\u2068${shown === '' ? '(empty)' : shown}\u2069  ${formatDuration(times.duration[span]!)}`
}

function drawLabel(context: Drawing, label: string, x: number, y: number, room: number) {
  let text = label
  if (context.measureText(text).width > room) {
    let low = 0
    let high = text.length
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (context.measureText(`${text.slice(0, middle)}…`).width <= room) low = middle
      else high = middle - 1
    }
    // The isolate's own mark is no letter.
    if (low < 2) return
    text = `${text.slice(0, low)}…`
  }
  context.fillText(text, x, y)
}
