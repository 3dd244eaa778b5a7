/** The whole trace in miniature, above the waterfall: dragging over it zooms, and while zoomed the rest is shaded. */
import { type PointerEvent, useLayoutEffect, useRef, useState } from 'react'
import { formatDuration } from '../model/duration.ts'
import { MINIMAP_EMPTY, MINIMAP_ERROR, minimapGrid } from '../model/minimap.ts'
import { services } from '../model/service-palette.ts'
import { describeView, project, type TimeView, unproject } from '../model/timeline.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { type ThemeColors, useThemeColors } from '../ui/use-theme-colors.ts'
import { type Drawing, drawPicture } from './picture.ts'
import './Minimap.css'

export interface MinimapProps {
  readonly model: TraceModel
  readonly view: TimeView
  readonly zoom: (view: TimeView | undefined) => void
}

const HEIGHT = 40
/** A shorter drag is a click with an unsteady hand. */
const LEAST_DRAG = 5

export function Minimap({ model, view, zoom }: MinimapProps) {
  const map = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const colors = useThemeColors()
  const [width, setWidth] = useState(0)
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>()
  const { length } = model.times
  const whole = { start: 0, end: length }

  useLayoutEffect(() => {
    const element = map.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    if (canvas.current === null || width <= 1) return
    drawPicture(canvas.current, { width, height: HEIGHT }, (context) => draw(context, model, width, colors))
  }, [model, width, colors])

  const at = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.min(width, Math.max(0, event.clientX - box.left))
  }
  const low = drag === undefined ? 0 : Math.min(drag.from, drag.to)
  const high = drag === undefined ? 0 : Math.max(drag.from, drag.to)
  const left = project(whole, width, view.start)
  const right = project(whole, width, view.end)
  const range = view.end - view.start
  const pan = (by: number) => {
    const start = Math.min(Math.max(0, view.start + by * range), length - range)
    zoom({ start, end: start + range })
  }
  const scale = (by: number) => {
    const middle = (view.start + view.end) / 2
    const half = Math.min(length, range * by) / 2
    if (half * 2 >= length) zoom(undefined)
    else zoom({ start: Math.max(0, middle - half), end: Math.min(length, middle + half) })
  }
  return (
    <div
      ref={map}
      className="minimap"
      role="slider"
      tabIndex={0}
      aria-label="Part of the trace that is shown"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round((view.start / length) * 100)}
      aria-valuetext={range >= length ? `The whole trace, ${formatDuration(length)}` : describeView(view)}
      title="Drag to zoom; with keys: arrows move, + and − zoom"
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        setDrag({ from: at(event), to: at(event) })
      }}
      onPointerMove={(event) => {
        if (drag !== undefined) setDrag({ ...drag, to: at(event) })
      }}
      onPointerUp={() => {
        if (high - low >= LEAST_DRAG)
          zoom({ start: unproject(whole, width, low), end: unproject(whole, width, high) })
        setDrag(undefined)
      }}
      onPointerCancel={() => setDrag(undefined)}
      onKeyDown={(event) => {
        const act = {
          ArrowLeft: () => pan(-0.25),
          ArrowRight: () => pan(0.25),
          '+': () => scale(0.5),
          '=': () => scale(0.5),
          '-': () => scale(2),
        }[event.key]
        if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        act()
      }}
    >
      <canvas ref={canvas} />
      {range < length && (
        <>
          <i className="minimap-shade" style={{ left: 0, width: left }} />
          <i className="minimap-shade" style={{ left: right, right: 0 }} />
          <i className="minimap-view" style={{ left, width: Math.max(2, right - left) }} />
        </>
      )}
      {drag !== undefined && high > low && (
        <i className="minimap-brush" style={{ left: low, width: high - low }} />
      )}
    </div>
  )
}

function draw(context: Drawing, model: TraceModel, width: number, colors: ThemeColors): void {
  const grid = minimapGrid(model, width, HEIGHT)
  const fills = model.services.map(({ name }) => colors.services[services.slotOf(name)]!)
  for (let row = 0; row < HEIGHT; row++) {
    for (let x = 0; x < width; ) {
      const value = grid[row * width + x]!
      let end = x + 1
      while (end < width && grid[row * width + end] === value) end++
      if (value !== MINIMAP_EMPTY) {
        context.fillStyle = value === MINIMAP_ERROR ? colors.error : fills[value - 1]!
        context.globalAlpha = value === MINIMAP_ERROR ? 1 : 0.75
        context.fillRect(x, row, end - x, 1)
      }
      x = end
    }
  }
  // A tick at the top for each failure: colour alone would not do, nor one pixel of it.
  context.globalAlpha = 1
  context.fillStyle = colors.error
  const drawn = new Set<number>()
  for (const span of model.failedOrder) {
    const x = Math.floor((model.times.start[span]! / model.times.length) * (width - 2))
    if (model.failedBelow[span] !== 0 || drawn.has(x)) continue
    drawn.add(x)
    context.fillRect(x, 0, 2, 6)
  }
}
