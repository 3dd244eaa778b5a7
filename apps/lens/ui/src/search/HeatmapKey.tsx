/** What the heatmap's shades mean, and how much of the store was looked at. */
import type { ReactNode } from 'react'
import { type HeatGrid, inkOf } from '../model/heatmap.ts'

export interface HeatmapKeyProps {
  readonly grid: HeatGrid
  readonly oneIn: number
  /** Conditions on spans: a trace is as long as the longest span that meets them. */
  readonly isNarrowed: boolean
  readonly children?: ReactNode
}

export function HeatmapKey({ grid, oneIn, isNarrowed, children }: HeatmapKeyProps) {
  const steps = [...new Set([1, Math.round(Math.sqrt(grid.most)), grid.most])].filter((count) => count >= 1)
  return (
    <p className="heatmap-key">
      <span className="heatmap-key-measure">
        {isNarrowed
          ? 'Duration of each trace’s longest span that matches'
          : 'Duration of each trace’s longest span'}
      </span>
      {children}
      <span className="heatmap-key-gap" />
      {steps.map((count) => (
        <span key={count}>
          <i style={{ opacity: inkOf(count, grid.most) }} />
          {count.toLocaleString()}
        </span>
      ))}
      <span className="heatmap-key-unit">{grid.most === 1 ? 'trace' : 'traces'} a cell</span>
      {grid.errors.some((errors) => errors > 0) && (
        <span>
          <i className="error-hatch" />
          with errors
        </span>
      )}
      {oneIn > 1 && <span>estimated from every {oneIn.toLocaleString()}th trace</span>}
    </p>
  )
}
