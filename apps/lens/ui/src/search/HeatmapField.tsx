/** The heatmap's map with its axes: drawn on a canvas, pointed at and selected in by the pointer or the keys. */
import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { formatDuration, formatDurationAt } from '../model/duration.ts'
import {
  type Cell,
  type CellRange,
  cellAt,
  cellRange,
  durationTicks,
  type HeatGrid,
  tally,
} from '../model/heatmap.ts'
import { formatTimeOfDay } from '../model/time.ts'
import { timeAxis } from '../model/time-axis.ts'
import { useThemeColors } from '../ui/use-theme-colors.ts'
import { drawHeatmap } from './heatmap-canvas.ts'

export const HEIGHT = 148

export interface HeatmapFieldProps {
  readonly grid: HeatGrid
  readonly isEstimate: boolean
  readonly now: number
  readonly select: (range: CellRange) => void
}

/** Drawn for one size of grid: cells that are pointed at or selected are of no other. */
export function HeatmapField({ grid, isEstimate, now, select }: HeatmapFieldProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const map = useRef<HTMLDivElement>(null)
  const colors = useThemeColors()
  const [width, setWidth] = useState(0)
  const [hovered, setHovered] = useState<Cell>()
  const [anchor, setAnchor] = useState<Cell>()
  const [drawn, setDrawn] = useState<CellRange>()
  const [cursor, setCursor] = useState<Cell>(() => busiest(grid))
  const [isFocused, setFocused] = useState(false)

  useLayoutEffect(() => {
    const element = map.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => {
    if (canvas.current !== null && width > 1)
      drawHeatmap(canvas.current, grid, { width, height: HEIGHT }, colors)
  }, [grid, width, colors])

  const at = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return cellAt(grid, box, event.clientX - box.left, event.clientY - box.top)
  }
  const release = () => {
    if (anchor !== undefined && drawn !== undefined) select(drawn)
    setAnchor(undefined)
    setDrawn(undefined)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (step !== undefined) {
      event.preventDefault()
      const { left: column, bottom: row } = cellRange(
        grid,
        { column: cursor.column + step.column, row: cursor.row + step.row },
        { column: cursor.column + step.column, row: cursor.row + step.row },
      )
      const next = { column, row }
      const fixed = event.shiftKey ? (anchor ?? cursor) : undefined
      setCursor(next)
      setAnchor(fixed)
      setDrawn(fixed === undefined ? undefined : cellRange(grid, fixed, next))
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      select(drawn ?? cellRange(grid, cursor, cursor))
      setAnchor(undefined)
      setDrawn(undefined)
    } else if (event.key === 'Escape' && drawn !== undefined) {
      event.stopPropagation()
      setAnchor(undefined)
      setDrawn(undefined)
    }
  }

  const isNarrow = width < 520
  const pointed = hovered ?? (isFocused ? cursor : undefined)
  const shown = drawn ?? (pointed === undefined ? undefined : cellRange(grid, pointed, pointed))
  const time = useMemo(
    () => timeAxis(grid.startMs, grid.startMs + grid.bucketMs * grid.columns, isNarrow ? 4 : 9, now),
    [grid, isNarrow, now],
  )
  const box = shown === undefined ? undefined : boxOf(grid, shown)
  return (
    <div className="heatmap-frame">
      <div className="heatmap-durations" aria-hidden="true" style={{ height: HEIGHT }}>
        {durationTicks(grid).map(({ nanos, at: top }) => (
          <span key={nanos} style={{ top: `${top * 100}%` }}>
            {formatDurationAt(nanos, nanos, nanos)}
          </span>
        ))}
      </div>
      <div
        ref={map}
        className="heatmap-map"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application has keys of its own
        tabIndex={0}
        aria-label="Heatmap of latency over time"
        aria-describedby="heatmap-keys"
        style={{ height: HEIGHT }}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setAnchor(at(event))
          setDrawn(cellRange(grid, at(event), at(event)))
        }}
        onPointerMove={(event) => {
          setHovered(at(event))
          if (anchor !== undefined && event.buttons !== 0) setDrawn(cellRange(grid, anchor, at(event)))
        }}
        onPointerUp={release}
        onPointerCancel={() => {
          setAnchor(undefined)
          setDrawn(undefined)
        }}
        onPointerLeave={() => setHovered(undefined)}
        onFocus={(event) => setFocused(event.target.matches(':focus-visible'))}
        onBlur={() => setFocused(false)}
        onKeyDown={onKeyDown}
      >
        <canvas ref={canvas} />
        {box !== undefined && (
          <div className="heatmap-selected" data-drawn={drawn !== undefined} style={box.style} />
        )}
        {shown !== undefined && box !== undefined && (
          <output className="heatmap-tip" data-narrow={isNarrow} style={isNarrow ? undefined : box.tip}>
            {describe(grid, shown, isEstimate, now)}
          </output>
        )}
      </div>
      <p id="heatmap-keys" className="visually-hidden">
        Arrows move, with Shift they select, Enter searches in what is selected.
      </p>
      <div className="heatmap-times" aria-hidden="true">
        {time.map(({ at: left, label }) => (
          <span
            key={left}
            style={{ left: `${left * 100}%` }}
            data-edge={left < 0.02 ? 'start' : left > 0.97 ? 'end' : undefined}
          >
            {label}
          </span>
        ))}
      </div>
    </div>
  )
}

const STEPS: Readonly<Record<string, Cell>> = {
  ArrowLeft: { column: -1, row: 0 },
  ArrowRight: { column: 1, row: 0 },
  ArrowUp: { column: 0, row: 1 },
  ArrowDown: { column: 0, row: -1 },
  Home: { column: Number.NEGATIVE_INFINITY, row: 0 },
  End: { column: Number.POSITIVE_INFINITY, row: 0 },
  PageUp: { column: 0, row: Number.POSITIVE_INFINITY },
  PageDown: { column: 0, row: Number.NEGATIVE_INFINITY },
}

/** Where the keys begin: the newest of the fullest cells. */
function busiest(grid: HeatGrid): Cell {
  const at = grid.counts.lastIndexOf(grid.most)
  return { column: Math.max(0, at) % grid.columns, row: Math.floor(Math.max(0, at) / grid.columns) }
}

function boxOf({ columns, rows }: HeatGrid, { left, right, bottom, top }: CellRange) {
  const percent = (part: number, whole: number) => `${(part / whole) * 100}%`
  const isRight = left > columns / 2
  return {
    style: {
      left: percent(left, columns),
      width: percent(right + 1 - left, columns),
      bottom: percent(bottom, rows.length),
      height: percent(top + 1 - bottom, rows.length),
    },
    tip: {
      ...(isRight ? { right: percent(columns - left, columns) } : { left: percent(right + 1, columns) }),
      ...(top > rows.length / 2
        ? { top: percent(rows.length - 1 - top, rows.length) }
        : { bottom: percent(bottom, rows.length) }),
    },
  } as const
}

function describe(grid: HeatGrid, range: CellRange, isEstimate: boolean, now: number): string {
  const { count, errorCount } = tally(grid, range)
  const { startMs, bucketMs, rows } = grid
  const from = formatTimeOfDay(startMs + range.left * bucketMs, bucketMs, now)
  const to = formatTimeOfDay(startMs + (range.right + 1) * bucketMs, bucketMs, now)
  const low = formatDuration(rows[range.bottom]!.fromNano)
  const high = formatDuration(rows[range.top]!.toNano)
  const traces = count === 1 ? '1 trace' : `${count.toLocaleString()} traces`
  const about = isEstimate && count > 0 ? 'about ' : ''
  const failed = errorCount === 0 ? '' : `, ${errorCount.toLocaleString()} with errors`
  return `${from} – ${to}, ${low} – ${high}: ${about}${traces}${failed}`
}
