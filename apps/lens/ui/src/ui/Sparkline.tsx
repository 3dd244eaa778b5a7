/** A row's traffic in small: a line over an area, as high as its largest value. What it shows is said by the numbers beside it. */
import { memo } from 'react'
import './Sparkline.css'

const WIDTH = 84
const HEIGHT = 20
/** More points than pixels are a blur. */
const MOST_POINTS = 42

export const Sparkline = memo(function Sparkline({ values }: { readonly values: readonly number[] }) {
  const points = thinned(values)
  const most = Math.max(1, ...points)
  const step = WIDTH / Math.max(1, points.length - 1)
  const line = points
    .map(
      (value, at) => `${(at * step).toFixed(1)} ${(HEIGHT - 1.5 - (value / most) * (HEIGHT - 3)).toFixed(1)}`,
    )
    .join('L')
  return (
    <svg
      className="sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
      focusable="false"
    >
      {points.length > 1 && (
        <>
          <path className="sparkline-area" d={`M0 ${HEIGHT}L${line}L${WIDTH} ${HEIGHT}Z`} />
          <path className="sparkline-line" d={`M${line}`} />
        </>
      )}
    </svg>
  )
})

/** Neighbours added up. */
function thinned(values: readonly number[]): readonly number[] {
  const size = Math.ceil(values.length / MOST_POINTS)
  if (size <= 1) return values
  const points: number[] = []
  for (let at = 0; at < values.length; at += size) {
    const part = values.slice(at, at + size)
    // The last may hold fewer than the others.
    points.push((part.reduce((sum, value) => sum + value, 0) * size) / part.length)
  }
  return points
}
