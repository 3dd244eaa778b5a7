/** The durations of what is compared, and where "slow" begins in them: dragged with the pointer, or led by keys. */
import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import { formatShare } from '../model/amounts.ts'
import { formatDuration, formatDurationAt } from '../model/duration.ts'
import {
  countFrom,
  type DurationScale,
  inTwoDigits,
  nextThreshold,
  placeOf,
  thresholdAt,
  ticksOf,
} from '../model/threshold.ts'
import './ThresholdChart.css'

export interface ThresholdChartProps {
  readonly scale: DurationScale
  /** Counts are of a sample. */
  readonly isEstimate: boolean
  /** Nanoseconds. */
  readonly threshold: number
  readonly choose: (nanos: number) => void
}

const HEIGHT = 72
/** A single trace among thousands is seen. */
const LEAST = 2

export function ThresholdChart({ scale, isEstimate, threshold, choose }: ThresholdChartProps) {
  // While it moves; the comparison follows when it is let go.
  const [drawn, setDrawn] = useState<{ readonly nanos: number; readonly instead: number }>()
  const moved = drawn?.instead === threshold ? drawn.nanos : undefined
  const setMoved = (to: number | undefined) =>
    setDrawn(to === undefined ? undefined : { nanos: to, instead: threshold })
  const nanos = moved ?? threshold
  const place = placeOf(scale, nanos)
  const count = countFrom(scale, nanos)
  const share = scale.total === 0 ? 0 : count / scale.total
  const isWithin = scale.bars.some((bar) => bar.count > 0 && bar.fromNano < nanos && nanos < bar.toNano)
  const about = isEstimate || isWithin ? 'about ' : ''
  const words = `${formatDuration(nanos)} or longer: ${about}${count.toLocaleString()} of ${scale.total.toLocaleString()}, ${formatShare(share)}`
  const commit = () => {
    if (moved !== undefined && moved !== threshold) choose(moved)
    else setMoved(undefined)
  }
  const follow = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    setMoved(thresholdAt(scale, (event.clientX - box.left) / Math.max(1, box.width)))
  }
  const lead = (event: KeyboardEvent) => {
    const next = {
      ArrowRight: () => nextThreshold(scale, nanos, 1),
      ArrowUp: () => nextThreshold(scale, nanos, 1),
      ArrowLeft: () => nextThreshold(scale, nanos, -1),
      ArrowDown: () => nextThreshold(scale, nanos, -1),
      Home: () => inTwoDigits(scale.low),
      End: () => inTwoDigits(scale.high),
    }[event.key]
    if (next !== undefined) {
      event.preventDefault()
      setMoved(next())
    } else if (event.key === 'Escape' && moved !== undefined) {
      event.stopPropagation()
      setMoved(undefined)
    }
  }
  return (
    <div className="threshold">
      <div
        className="threshold-map"
        role="slider"
        tabIndex={0}
        aria-label="Slow from"
        aria-valuemin={scale.low}
        aria-valuemax={scale.high}
        aria-valuenow={nanos}
        aria-valuetext={words}
        title="Drag the line, or move it by the arrow keys"
        style={{ height: HEIGHT }}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          follow(event)
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) follow(event)
        }}
        onPointerUp={commit}
        onPointerCancel={() => setMoved(undefined)}
        onKeyDown={lead}
        // A key that is held down asks once.
        onKeyUp={commit}
        onBlur={() => setMoved(undefined)}
      >
        <svg viewBox={`0 0 1 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {scale.bars.map(({ fromNano, count: of, left, right }) => (
            <Bar key={fromNano} of={of} most={scale.most} left={left} right={right} place={place} />
          ))}
        </svg>
        <span className="threshold-line" style={{ left: `${place * 100}%` }} />
        <span
          className="threshold-read"
          aria-hidden="true"
          data-side={place > 0.6 ? 'left' : 'right'}
          style={{ left: `${place * 100}%` }}
        >
          <strong>{formatDuration(nanos)}</strong> or longer: {about}
          {count.toLocaleString()}, {formatShare(share)}
        </span>
      </div>
      <div className="threshold-axis" aria-hidden="true">
        {ticksOf(scale).map(({ nanos: at, place: left }) => (
          <span key={at} style={{ left: `${left * 100}%` }}>
            {formatDurationAt(at, at, at)}
          </span>
        ))}
      </div>
    </div>
  )
}

interface BarProps {
  readonly of: number
  readonly most: number
  readonly left: number
  readonly right: number
  readonly place: number
}

/** In two parts where the line goes through it. */
function Bar({ of, most, left, right, place }: BarProps) {
  if (of === 0) return null
  const height = Math.max(LEAST, (of / most) * (HEIGHT - 18))
  const at = Math.min(right, Math.max(left, place))
  const box = { y: HEIGHT - height, height }
  return (
    <>
      {at > left && <rect x={left} width={at - left} {...box} className="threshold-rest" />}
      {right > at && <rect x={at} width={right - at} {...box} className="threshold-slow" />}
    </>
  )
}
