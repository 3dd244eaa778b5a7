/**
 * One measure over time: bars for counts (what failed of them hatched), a line for durations. The pointer reads a bucket's value and leads
 * to its traces; without one, the label says the range, and the numbers above lead to the same traces.
 */
import { type PointerEvent, type ReactNode, useState } from 'react'
import { formatTimeOfDay } from '../model/time.ts'
import { timeAxis } from '../model/time-axis.ts'
import './TrendChart.css'

export interface TrendChartProps {
  readonly label: string
  readonly startMs: number
  readonly bucketMs: number
  /** undefined: nothing was there. */
  readonly values: readonly (number | undefined)[]
  /** Of each value, what failed. */
  readonly failed?: readonly number[]
  readonly shape: 'bars' | 'line'
  readonly format: (value: number, at: number) => string
  readonly choose: (startMs: number, endMs: number) => void
  readonly now: number
}

const HEIGHT = 64

export function TrendChart(props: TrendChartProps) {
  const { label, startMs, bucketMs, values, failed, shape, format, choose, now } = props
  const [at, setAt] = useState<number>()
  const most = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE)
  const height = (value: number) => (value / most) * (HEIGHT - 4)
  const bucketAt = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    const share = (event.clientX - box.left) / box.width
    return Math.min(values.length - 1, Math.max(0, Math.floor(share * values.length)))
  }
  const read = at === undefined ? undefined : values[at]
  return (
    <div className="trend">
      <div className="trend-plot">
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: a short cut; the numbers above lead to the same traces, and the search narrows them by keys */}
        <svg
          role="img"
          aria-label={label}
          viewBox={`0 0 ${values.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          onPointerMove={(event) => setAt(bucketAt(event))}
          onPointerLeave={() => setAt(undefined)}
          onClick={() => {
            if (at !== undefined) choose(startMs + at * bucketMs, startMs + (at + 1) * bucketMs - 1)
          }}
        >
          {at !== undefined && <rect className="trend-here" x={at} y={0} width={1} height={HEIGHT} />}
          {shape === 'bars' ? (
            <Bars values={values} failed={failed ?? []} height={height} />
          ) : (
            <Line values={values} height={height} />
          )}
        </svg>
        <span className="trend-most" aria-hidden="true">
          {format(most === Number.MIN_VALUE ? 0 : most, -1)}
        </span>
        {at !== undefined && (
          <span
            className="trend-read"
            aria-hidden="true"
            data-side={at < values.length / 2 ? 'right' : 'left'}
          >
            {formatTimeOfDay(startMs + at * bucketMs, bucketMs, now)}{' '}
            <strong>{read === undefined ? 'none' : format(read, at)}</strong>
          </span>
        )}
      </div>
      <Axis startMs={startMs} endMs={startMs + values.length * bucketMs} now={now} />
    </div>
  )
}

interface MarksProps {
  readonly values: TrendChartProps['values']
  readonly height: (value: number) => number
}

/** Two paths, however many buckets there are. */
function Bars({ values, failed, height }: MarksProps & { readonly failed: readonly number[] }): ReactNode {
  const gap = values.length > 80 ? 0.1 : 0.16
  const bars = (of: readonly (number | undefined)[]) =>
    of
      .map((value, at) =>
        value === undefined || value === 0
          ? ''
          : `M${at + gap} ${HEIGHT}V${(HEIGHT - Math.max(1.5, height(value))).toFixed(2)}H${at + 1 - gap}V${HEIGHT}Z`,
      )
      .join('')
  return (
    <>
      <path className="trend-bars" d={bars(values)} />
      <path className="trend-failed" d={bars(failed)} />
    </>
  )
}

/** Broken where nothing was; a bucket by itself is a dash. */
function Line({ values, height }: MarksProps): ReactNode {
  let line = ''
  let area = ''
  let from = -1
  for (let at = 0; at <= values.length; at++) {
    const value = values[at]
    if (value !== undefined) {
      if (from === -1) from = at
      const y = (HEIGHT - height(value)).toFixed(2)
      line += `${from === at ? 'M' : 'L'}${at} ${y}H${at + 1}`
      area += `${from === at ? `M${at} ${HEIGHT}V${y}` : `V${y}`}H${at + 1}`
    } else if (from !== -1) {
      area += `V${HEIGHT}Z`
      from = -1
    }
  }
  return (
    <>
      <path className="trend-area" d={area} />
      <path className="trend-line" d={line} vectorEffect="non-scaling-stroke" />
    </>
  )
}

function Axis({
  startMs,
  endMs,
  now,
}: {
  readonly startMs: number
  readonly endMs: number
  readonly now: number
}) {
  // A label with a day is longer.
  const isToday = new Date(startMs).toDateString() === new Date(now).toDateString()
  const labels = timeAxis(startMs, endMs, isToday ? 7 : 4, now).filter(
    ({ at }) => at > (isToday ? 0.04 : 0.09) && at < 0.96,
  )
  return (
    <div className="trend-axis" aria-hidden="true">
      {labels.map(({ at, label }) => (
        <span key={at} style={{ left: `${at * 100}%` }}>
          {label}
        </span>
      ))}
    </div>
  )
}
