/**
 * How far a row is set in. Steps shrink with the depth of the trace and stop at a limit, so that a chain of 10,000 spans
 * still has room for its names; a row beyond the limit says its depth in figures. Called by the rows and the guides.
 */
export interface Indent {
  readonly step: number
  /** Depth from which rows stand no further in. */
  readonly deepest: number
}

const WIDEST_STEP = 16
const NARROWEST_STEP = 6
/** A column below this has no room to give away: the phone's. */
const NARROW = 260

export function indentFor(maxDepth: number, columnWidth: number): Indent {
  const room = Math.max(NARROWEST_STEP, columnWidth * (columnWidth < NARROW ? 0.28 : 0.45))
  const step = Math.min(WIDEST_STEP, Math.max(NARROWEST_STEP, Math.floor(room / Math.max(1, maxDepth))))
  return { step, deepest: Math.max(1, Math.floor(room / step)) }
}

export function indentOf(indent: Indent, depth: number): number {
  return Math.min(depth, indent.deepest) * indent.step
}
