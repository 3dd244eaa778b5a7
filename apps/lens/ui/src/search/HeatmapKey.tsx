/** What the heatmap's shades mean, and how much of the store was looked at. */
import { type HeatGrid, inkOf } from '../model/heatmap.ts'

export function HeatmapKey({ grid, oneIn }: { readonly grid: HeatGrid; readonly oneIn: number }) {
  const steps = [...new Set([1, Math.round(Math.sqrt(grid.most)), grid.most])].filter((count) => count >= 1)
  return (
    <p className="heatmap-key">
      {steps.map((count) => (
        <span key={count}>
          <i style={{ opacity: inkOf(count, grid.most) }} />
          {count.toLocaleString()}
        </span>
      ))}
      <span className="heatmap-key-unit">traces a cell</span>
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
