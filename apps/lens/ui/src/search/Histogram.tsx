/**
 * Traces over time, those with errors at the foot and hatched. Dragging over the strip, or arrows with Shift and Enter,
 * zooms the search to that time; a click takes one bucket.
 */
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, type PointerEvent, useMemo, useState } from 'react'
import type { HistogramResponse } from 'rustok-lens/contract'
import { histogramOptions } from '../api/queries.ts'
import {
  type BucketRange,
  type BucketScale,
  brushed,
  bucketAt,
  rangeExtent,
  rangeMillis,
} from '../model/brush.ts'
import type { SearchState } from '../model/search-state.ts'
import { formatTimeOfDay } from '../model/time.ts'
import { timeAxis } from '../model/time-axis.ts'
import type { ChangeSearch } from './SearchPage.tsx'
import './Histogram.css'

export interface HistogramProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly enabled: boolean
  readonly now: number
}

export function Histogram({ state, change, enabled, now }: HistogramProps) {
  const { data, isPlaceholderData, isError } = useQuery({ ...histogramOptions(state), enabled })
  if (isError) return undefined
  return (
    <section className="histogram" aria-label="Traces over time" data-stale={isPlaceholderData}>
      {data === undefined || data.buckets.length === 0 ? (
        <div className="histogram-strip" />
      ) : (
        <Strip data={data} now={now} zoom={({ start, end }) => change({ start, end, lookback: undefined })} />
      )}
    </section>
  )
}

interface StripProps {
  readonly data: HistogramResponse
  readonly now: number
  readonly zoom: (range: { readonly start: number; readonly end: number }) => void
}

function Strip({ data, now, zoom }: StripProps) {
  const { buckets, bucketMs } = data
  const scale: BucketScale = { startMs: buckets[0]!.startMs, bucketMs, count: buckets.length }
  const most = Math.max(1, ...buckets.map(({ count }) => count))
  const [hovered, setHovered] = useState<number>()
  const [anchor, setAnchor] = useState<number>()
  const [brush, setRange] = useState<BucketRange>()
  const [wanted, setCursor] = useState(Number.POSITIVE_INFINITY)
  const [focused, setFocused] = useState(false)
  // A new answer may have fewer buckets than the one that was brushed.
  const last = buckets.length - 1
  const cursor = Math.min(wanted, last)
  const range = brush !== undefined && brush.last <= last ? brush : undefined
  const under = hovered !== undefined && hovered <= last ? hovered : undefined

  const at = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return { x: event.clientX - box.left, width: box.width }
  }
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return
    const { x, width } = at(event)
    event.currentTarget.setPointerCapture(event.pointerId)
    setAnchor(x)
    setRange(brushed(scale, width, x, x))
  }
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const { x, width } = at(event)
    setHovered(bucketAt(scale, width, x))
    if (anchor !== undefined) setRange(brushed(scale, width, anchor, x))
  }
  const onPointerUp = () => {
    if (anchor !== undefined && range !== undefined) zoom(rangeMillis(scale, range))
    setAnchor(undefined)
    setRange(undefined)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -buckets.length, End: buckets.length }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      const next = Math.min(buckets.length - 1, Math.max(0, cursor + step))
      const fixed = anchor ?? cursor
      setCursor(next)
      setAnchor(event.shiftKey ? fixed : undefined)
      setRange(event.shiftKey ? { first: Math.min(fixed, next), last: Math.max(fixed, next) } : undefined)
    } else if (event.key === 'Enter') {
      zoom(rangeMillis(scale, range ?? { first: cursor, last: cursor }))
    } else if (event.key === 'Escape') {
      setAnchor(undefined)
      setRange(undefined)
    }
  }

  const shown = range ?? pointAt(under ?? (focused ? cursor : undefined))
  const extent = shown === undefined ? undefined : rangeExtent(scale, shown)
  const axis = useMemo(
    () => timeAxis(scale.startMs, scale.startMs + scale.bucketMs * scale.count, 9, now),
    [scale.startMs, scale.bucketMs, scale.count, now],
  )
  return (
    <>
      <div
        className="histogram-strip"
        role="slider"
        tabIndex={0}
        aria-label="Time range: arrows move, with Shift select, Enter zooms"
        aria-valuemin={0}
        aria-valuemax={buckets.length - 1}
        aria-valuenow={cursor}
        aria-valuetext={describe(data, shown ?? { first: cursor, last: cursor }, now)}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => setRange(undefined)}
        onPointerLeave={() => setHovered(undefined)}
        onFocus={(event) => setFocused(event.target.matches(':focus-visible'))}
        onBlur={() => setFocused(false)}
        onKeyDown={onKeyDown}
      >
        <span className="histogram-most" aria-hidden="true">
          {buckets.some(({ count }) => count > 0) && most.toLocaleString()}
        </span>
        <Bars data={data} most={most} />
        {extent !== undefined && (
          <div
            className="histogram-range"
            data-brushing={range !== undefined}
            style={{ left: `${extent.left * 100}%`, width: `${extent.width * 100}%` }}
          />
        )}
        {extent !== undefined && shown !== undefined && (
          <output
            className="histogram-tip"
            data-side={extent.left > 0.5 ? 'left' : 'right'}
            style={
              extent.left > 0.5
                ? { right: `${(1 - extent.left) * 100}%` }
                : { left: `${(extent.left + extent.width) * 100}%` }
            }
          >
            {describe(data, shown, now)}
          </output>
        )}
      </div>
      <div className="histogram-axis" aria-hidden="true">
        {axis.map(({ at: left, label }) => (
          <span
            key={left}
            style={{ left: `${left * 100}%` }}
            data-edge={left < 0.02 ? 'start' : left > 0.97 ? 'end' : undefined}
          >
            {label}
          </span>
        ))}
      </div>
    </>
  )
}

/** Drawn once per answer, however the pointer moves above. */
function Bars({ data, most }: { readonly data: HistogramResponse; readonly most: number }) {
  return useMemo(
    () => (
      <div className="histogram-bars" aria-hidden="true">
        {data.buckets.map(({ startMs, count, errorCount }) => (
          <i key={startMs}>
            {count > 0 && (
              <b style={{ height: `max(2px, ${(count / most) * 100}%)` }}>
                {errorCount > 0 && (
                  <u className="error-hatch" style={{ height: `max(2px, ${(errorCount / count) * 100}%)` }} />
                )}
              </b>
            )}
          </i>
        ))}
      </div>
    ),
    [data, most],
  )
}

function pointAt(bucket: number | undefined): BucketRange | undefined {
  return bucket === undefined ? undefined : { first: bucket, last: bucket }
}

function describe(
  { buckets, bucketMs }: HistogramResponse,
  { first, last }: BucketRange,
  now: number,
): string {
  let count = 0
  let errors = 0
  for (const bucket of buckets.slice(first, last + 1)) {
    count += bucket.count
    errors += bucket.errorCount
  }
  const from = formatTimeOfDay(buckets[first]!.startMs, bucketMs, now)
  const to = formatTimeOfDay(buckets[last]!.startMs + bucketMs, bucketMs, now)
  const traces = count === 1 ? '1 trace' : `${count.toLocaleString()} traces`
  return `${from} – ${to}: ${traces}${errors === 0 ? '' : `, ${errors.toLocaleString()} with errors`}`
}
