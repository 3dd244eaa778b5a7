/**
 * The whole trace in miniature: a grid of pixels, rows of the waterfall down and time across, each the service that is drawn there. Later rows lie over
 * earlier ones, and failures over everything, so that one in 100,000 spans is seen. Drawn by the minimap.
 */
import type { TraceModel } from './trace-model.ts'

export const MINIMAP_EMPTY = 0
export const MINIMAP_ERROR = 0xffff

/** By pixel, row after row: MINIMAP_EMPTY, a service's index and 1, or MINIMAP_ERROR. */
export function minimapGrid(model: TraceModel, width: number, height: number): Uint16Array {
  const { tree, times, service } = model
  const grid = new Uint16Array(width * height)
  const scale = width / times.length
  const rowOf = (position: number) => Math.floor((position / tree.count) * height)
  const paint = (span: number, value: number, least: number) => {
    const top = rowOf(tree.position[span]!)
    const next = rowOf(tree.position[span]! + 1)
    // Of a short trace, rows are bars with a gap between.
    const bottom = next - top > 2 ? next - 1 : Math.max(next, top + 1)
    const from = Math.max(0, Math.min(width - least, Math.floor(times.start[span]! * scale)))
    const to = Math.ceil((times.start[span]! + times.duration[span]!) * scale)
    const until = Math.min(width, Math.max(from + least, to))
    for (let row = top; row < bottom; row++) grid.fill(value, row * width + from, row * width + until)
  }
  if (width < 2 || height < 1) return grid
  for (const span of tree.order) paint(span, service[span]! + 1, 1)
  for (const span of model.failedOrder) {
    // Where the failure began: those above it only pass it on, and would cover the map.
    if (model.failedBelow[span] === 0) paint(span, MINIMAP_ERROR, 2)
  }
  return grid
}
