/**
 * Draws what of the waterfall is not text: grid lines, tree guides and bars, for some rows. A bar is pale while the
 * span's children run and full where the span itself does; a failed one is
 * framed, and hatched where the failure began. Called by the waterfall
 * whenever the window, the zoom, the rows or the theme change.
 */
import type { SpanKind } from 'rustok-lens/contract'
import { type Indent, indentOf } from '../model/indent.ts'
import { foldedAt, type Repetition } from '../model/repetition.ts'
import { hasChildren } from '../model/rows.ts'
import { coveredIntervals } from '../model/self-time.ts'
import { barBox, project, type Tick, type TimeView } from '../model/timeline.ts'
import { endOf, type TraceModel } from '../model/trace-model.ts'
import type { ThemeColors } from '../ui/use-theme-colors.ts'
import { KIND_SHAPES } from './KindIcon.tsx'
import { type Drawing, drawPicture } from './picture.ts'

export const ROW_HEIGHT = 26
/** From the row's left edge to the middle of its collapse mark. */
const TWISTY_MIDDLE = 16
export const TIMELINE_PADDING = 12

const BAR_HEIGHT = 12

export interface WaterfallScene {
  readonly model: TraceModel
  /** With the children that are not shown: a bar is pale where they ran. */
  readonly whole: TraceModel
  /** By span 1 for those that are not paled; undefined for all. */
  readonly matches: Uint8Array | undefined
  readonly rows: Int32Array
  readonly collapsed: ReadonlySet<number>
  readonly indent: Indent
  readonly view: TimeView
  readonly ticks: readonly Tick[]
  readonly nameWidth: number
  readonly width: number
  /** Colour of each of the model's services. */
  readonly serviceColors: readonly string[]
  readonly colors: ThemeColors
}

/** Places in the scene's rows; `end` is after the last one. */
export interface RowRange {
  readonly first: number
  readonly end: number
}

export function drawWaterfall(canvas: HTMLCanvasElement, scene: WaterfallScene, range: RowRange): void {
  const height = (range.end - range.first) * ROW_HEIGHT
  drawPicture(canvas, { width: scene.width, height }, (context) => draw(context, scene, range, height))
}

function draw(context: Drawing, scene: WaterfallScene, range: RowRange, height: number): void {
  const { first, end } = range
  drawGrid(context, scene, height)
  drawNames(context, scene, range, height)
  const hatch = hatchPattern(context, scene.colors.error)
  for (let row = first; row < end; row++) {
    const span = scene.rows[row]!
    const top = (row - first) * ROW_HEIGHT
    const folded = foldedAt(scene.model.repeated, scene.collapsed, span)
    context.globalAlpha = scene.matches?.[span] === 0 ? 0.4 : 1
    if (folded === undefined) drawBar(context, scene, span, top, hatch)
    else drawRepetition(context, scene, folded, top)
    context.globalAlpha = 1
  }
}

export function timelineWidth({ nameWidth, width }: Pick<WaterfallScene, 'nameWidth' | 'width'>): number {
  return Math.max(1, width - nameWidth - 2 * TIMELINE_PADDING)
}

function drawGrid(context: Drawing, scene: WaterfallScene, height: number): void {
  const { model, view, ticks, nameWidth, colors } = scene
  const left = nameWidth + TIMELINE_PADDING
  const wide = timelineWidth(scene)
  context.fillStyle = colors.line
  for (const { time } of ticks) context.fillRect(Math.round(left + project(view, wide, time)), 0, 1, height)
  // Where the root ends, the caller had its answer; what comes later is asynchronous.
  const answered = endOf(model, model.root)
  if (answered < model.times.length * 0.995 && answered > view.start && answered < view.end) {
    context.strokeStyle = colors.ink3
    context.lineWidth = 1
    context.setLineDash([2, 3])
    context.beginPath()
    const x = Math.round(left + project(view, wide, answered)) + 0.5
    context.moveTo(x, 0)
    context.lineTo(x, height)
    context.stroke()
    context.setLineDash([])
  }
}

/** Guides and signs of kinds. All guides are one path: a clip and a stroke for each row took longer than all the bars. */
function drawNames(context: Drawing, scene: WaterfallScene, { first, end }: RowRange, height: number): void {
  const { model, rows, collapsed, nameWidth, colors } = scene
  context.save()
  context.beginPath()
  context.rect(0, 0, nameWidth, height)
  context.clip()
  context.beginPath()
  for (let row = first; row < end; row++) {
    const isFolded = foldedAt(model.repeated, collapsed, rows[row]!) !== undefined
    addGuides(context, scene, row, (row - first) * ROW_HEIGHT, isFolded)
  }
  context.strokeStyle = colors.lineStrong
  context.lineWidth = 1
  context.stroke()
  context.lineCap = 'round'
  context.lineJoin = 'round'
  for (let row = first; row < end; row++) drawKind(context, scene, rows[row]!, (row - first) * ROW_HEIGHT)
  context.restore()
}

/** An elbow to the span itself, and a line for each ancestor that has more children below. */
function addGuides(
  context: Drawing,
  scene: WaterfallScene,
  row: number,
  top: number,
  isFolded: boolean,
): void {
  const { model, rows, indent, collapsed } = scene
  const { tree } = model
  const span = rows[row]!
  const opens = hasChildren(tree, span) && !isFolded
  const depth = tree.depth[span]!
  const xOf = (level: number) => Math.round(TWISTY_MIDDLE + indentOf(indent, level)) + 0.5
  const middle = top + ROW_HEIGHT / 2 + 0.5
  if (opens && !collapsed.has(span)) {
    const x = xOf(depth)
    context.moveTo(x, middle + 6)
    context.lineTo(x, top + ROW_HEIGHT)
  }
  if (depth === 0 || depth > indent.deepest) return
  const x = xOf(depth - 1)
  context.moveTo(x, top)
  // Those that a folded row stands for are not below it.
  const below = rows[row + 1]
  const isLast = tree.lastSibling[span] === 1 || below === undefined || tree.depth[below]! < depth
  context.lineTo(x, isLast ? middle : top + ROW_HEIGHT)
  context.moveTo(x, middle)
  context.lineTo(xOf(depth) - (opens ? 7 : -3), middle)
  for (let up = tree.parent[span]!; up !== -1 && tree.depth[up]! > 0; up = tree.parent[up]!) {
    if (tree.lastSibling[up] === 1) continue
    const line = xOf(tree.depth[up]! - 1)
    context.moveTo(line, top)
    context.lineTo(line, top + ROW_HEIGHT)
  }
}

const KIND_SIZE = 14
/** From the middle of the collapse mark. */
const KIND_LEFT = 12
const kindPaths = new Map<SpanKind, Path2D>()

function drawKind(context: Drawing, scene: WaterfallScene, span: number, top: number): void {
  const { model, indent, serviceColors, colors, matches } = scene
  const { kind } = model.spans[span]!
  const path = kindPaths.get(kind) ?? new Path2D(KIND_SHAPES[kind])
  kindPaths.set(kind, path)
  const x = TWISTY_MIDDLE + indentOf(indent, model.tree.depth[span]!) + KIND_LEFT
  const y = top + (ROW_HEIGHT - KIND_SIZE) / 2
  context.globalAlpha = matches?.[span] === 0 ? 0.4 : 1
  context.translate(x, y)
  context.fillStyle = serviceColors[model.service[span]!]!
  context.beginPath()
  context.roundRect(0, 0, KIND_SIZE, KIND_SIZE, 3)
  context.fill()
  context.strokeStyle = colors.surface
  context.lineWidth = 1.5
  context.stroke(path)
  context.translate(-x, -y)
  context.globalAlpha = 1
}

function drawBar(
  context: Drawing,
  scene: WaterfallScene,
  span: number,
  top: number,
  hatch: CanvasPattern | string,
): void {
  const { model, whole, view, serviceColors, colors, nameWidth } = scene
  const { times } = model
  const { tree } = whole
  const wide = timelineWidth(scene)
  const left = nameWidth + TIMELINE_PADDING
  const start = times.start[span]!
  const duration = times.duration[span]!
  const box = barBox(view, wide, start, duration)
  const y = top + (ROW_HEIGHT - BAR_HEIGHT) / 2
  if (box === undefined) {
    drawBeyond(context, scene, start < view.start, y)
    return
  }
  const x = left + box.x
  const isOrigin = model.failed[span] === 1 && model.failedBelow[span] === 0
  context.beginPath()
  context.roundRect(x, y, box.width, BAR_HEIGHT, 2)
  context.fillStyle = colors.surface
  context.fill()
  context.fillStyle = serviceColors[model.service[span]!]!
  context.fill()
  // What lies upon it is cut to its corners. Most bars have nothing upon them, and a clip is slow.
  const isCut = hasChildren(tree, span) || isOrigin
  if (isCut) {
    context.save()
    context.clip()
  }
  if (hasChildren(tree, span)) {
    // Pale where a child runs: what stays full is the span's own time.
    const alpha = context.globalAlpha
    context.globalAlpha = 0.68
    context.fillStyle = colors.surface
    let drawnTo = Number.NEGATIVE_INFINITY
    const pairs = coveredIntervals(tree, times.start, times.duration, span)
    for (let at = 0; at < pairs.length; at += 2) {
      const from = Math.max(x, drawnTo, left + project(view, wide, pairs[at]!))
      const to = Math.min(x + box.width, left + project(view, wide, pairs[at + 1]!))
      if (to <= from) continue
      context.fillRect(from, y, to - from, BAR_HEIGHT)
      drawnTo = to
    }
    context.globalAlpha = alpha
  }
  if (isOrigin) {
    context.fillStyle = hatch
    context.fillRect(x, y, box.width, BAR_HEIGHT)
  }
  if (isCut) context.restore()
  if (model.failed[span] === 1) {
    context.strokeStyle = colors.error
    context.lineWidth = 1.5
    context.beginPath()
    context.roundRect(x - 0.75, y - 0.75, box.width + 1.5, BAR_HEIGHT + 1.5, 2.5)
    context.stroke()
  }
  drawPath(context, scene, span, y + BAR_HEIGHT + 2)
  drawEvents(context, scene, span, y)
}

/** All the bars of a folded group on its one row, the failed ones framed. */
function drawRepetition(context: Drawing, scene: WaterfallScene, { members }: Repetition, top: number): void {
  const { model, view, serviceColors, colors, nameWidth } = scene
  const { times } = model
  const wide = timelineWidth(scene)
  const left = nameWidth + TIMELINE_PADDING
  const y = top + (ROW_HEIGHT - BAR_HEIGHT) / 2
  let drawnTo = Number.NEGATIVE_INFINITY
  for (const member of members) {
    const box = barBox(view, wide, times.start[member]!, times.duration[member]!)
    if (box === undefined) continue
    const isFailed = model.failed[member] === 1
    // Bars within one pixel are one bar; a failed one is always seen.
    if (isFailed || box.x + box.width > drawnTo + 0.5) {
      context.fillStyle = isFailed ? colors.error : serviceColors[model.service[member]!]!
      context.fillRect(left + box.x, y, Math.max(1, box.width - 0.5), BAR_HEIGHT)
      drawnTo = Math.max(drawnTo, box.x + box.width)
    }
    drawPath(context, scene, member, y + BAR_HEIGHT + 2)
  }
}

/** A line below the bar where the end of the root waited for this very span. */
function drawPath(context: Drawing, scene: WaterfallScene, span: number, y: number): void {
  const { model, view, nameWidth, colors } = scene
  const { first, times } = model.path
  const wide = timelineWidth(scene)
  const left = nameWidth + TIMELINE_PADDING
  context.fillStyle = colors.ink
  let drawnTo = Number.NEGATIVE_INFINITY
  for (let at = first[span]!; at < first[span + 1]!; at++) {
    const box = barBox(view, wide, times[2 * at]!, times[2 * at + 1]! - times[2 * at]!)
    // Of stretches within one pixel, one is drawn: a long job waits for thousands.
    if (box === undefined || (at > first[span]! && Math.abs(box.x - drawnTo) < 0.5)) continue
    context.fillRect(left + box.x, y, Math.max(1, box.width), 2)
    drawnTo = box.x
  }
}

/** A span outside the zoomed view leaves an arrow at the edge where it lies. */
function drawBeyond(context: Drawing, scene: WaterfallScene, before: boolean, y: number): void {
  const { nameWidth, width, colors } = scene
  const x = before ? nameWidth + 4 : width - 4
  const tip = before ? -1 : 1
  context.fillStyle = colors.ink3
  context.beginPath()
  context.moveTo(x + tip, y + BAR_HEIGHT / 2)
  context.lineTo(x - tip * 4, y + BAR_HEIGHT / 2 - 3.5)
  context.lineTo(x - tip * 4, y + BAR_HEIGHT / 2 + 3.5)
  context.fill()
}

/** Events are diamonds on the bar. */
function drawEvents(context: Drawing, scene: WaterfallScene, span: number, y: number): void {
  const { model, view, colors, nameWidth } = scene
  const wide = timelineWidth(scene)
  for (const time of model.events.get(span) ?? []) {
    if (time < view.start || time > view.end) continue
    const x = nameWidth + TIMELINE_PADDING + project(view, wide, time)
    const middle = y + BAR_HEIGHT / 2
    context.beginPath()
    context.moveTo(x, middle - 4)
    context.lineTo(x + 4, middle)
    context.lineTo(x, middle + 4)
    context.lineTo(x - 4, middle)
    context.closePath()
    context.fillStyle = colors.ink
    context.fill()
    context.strokeStyle = colors.surface
    context.lineWidth = 1
    context.stroke()
  }
}

function hatchPattern(context: Drawing, color: string): CanvasPattern | string {
  const ratio = window.devicePixelRatio
  const size = 7
  const tile = document.createElement('canvas')
  tile.width = size * ratio
  tile.height = size * ratio
  const ink = tile.getContext('2d')
  if (ink === null) return color
  ink.scale(ratio, ratio)
  ink.strokeStyle = color
  ink.lineWidth = 1.6
  for (const shift of [-size, 0, size]) {
    ink.moveTo(shift - 1, size + 1)
    ink.lineTo(shift + size + 1, -1)
  }
  ink.stroke()
  const pattern = context.createPattern(tile, 'repeat')
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio))
  return pattern ?? color
}
