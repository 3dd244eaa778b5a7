/** The time above the bars. Dragging over it zooms; while zoomed, it says so and leads back. */
import { type PointerEvent, useState } from 'react'
import { formatDuration } from '../model/duration.ts'
import { describeView, project, type Tick, type TimeView, unproject } from '../model/timeline.ts'

export interface RulerProps {
  readonly view: TimeView
  readonly length: number
  readonly ticks: readonly Tick[]
  readonly width: number
  readonly zoom: (view: TimeView | undefined) => void
}

/** A shorter drag is a click with an unsteady hand. */
const LEAST_DRAG = 6

export function Ruler({ view, length, ticks, width, zoom }: RulerProps) {
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>()
  const zoomed = view.start > 0 || view.end < length
  const at = (event: PointerEvent<HTMLElement>) =>
    event.clientX - event.currentTarget.getBoundingClientRect().left
  const low = drag === undefined ? 0 : Math.min(drag.from, drag.to)
  const high = drag === undefined ? 0 : Math.max(drag.from, drag.to)
  return (
    <>
      <div
        className="ruler"
        style={{ width }}
        title="Drag to zoom"
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ from: at(event), to: at(event) })
        }}
        onPointerMove={(event) => {
          if (drag !== undefined) setDrag({ ...drag, to: Math.min(width, Math.max(0, at(event))) })
        }}
        onPointerUp={() => {
          if (high - low >= LEAST_DRAG)
            zoom({ start: unproject(view, width, low), end: unproject(view, width, high) })
          setDrag(undefined)
        }}
        onPointerCancel={() => setDrag(undefined)}
      >
        {ticks.map(({ time, label }) => {
          const x = project(view, width, time)
          return x > width - 30 ? undefined : (
            <span key={time} className="ruler-tick" style={{ left: x }}>
              {label}
            </span>
          )
        })}
        {drag !== undefined && high > low && (
          <span className="ruler-brush" style={{ left: low, width: high - low }}>
            <span>{formatDuration(unproject(view, width, high) - unproject(view, width, low))}</span>
          </span>
        )}
      </div>
      {zoomed && (
        <button
          type="button"
          className="button small ruler-reset"
          title="Whole trace (0)"
          onClick={() => zoom(undefined)}
        >
          {describeView(view)}
          <span aria-hidden="true">×</span>
          <span className="visually-hidden">Show the whole trace</span>
        </button>
      )}
    </>
  )
}
