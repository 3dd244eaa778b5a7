/**
 * Which rows to draw: the visible ones and some around them, in whole runs. Between the borders of two runs
 * nothing is drawn at all: texts and pictures are moved by the compositor. Called by the waterfall's scroll listener.
 */
export interface RowWindow {
  readonly first: number
  /** After the last row of the window. */
  readonly end: number
}

/** Rows in one. Fewer are made more often while scrolling, more keep more rows in the document (about 20 kB each). */
export const RUN = 16

export function rowWindow(scrollTop: number, height: number, rowHeight: number, count: number): RowWindow {
  const firstVisible = Math.floor(Math.max(0, scrollTop) / rowHeight)
  const lastVisible = Math.ceil((Math.max(0, scrollTop) + Math.max(0, height)) / rowHeight)
  const end = Math.min(count, (Math.ceil(lastVisible / RUN) + 1) * RUN)
  const first = Math.max(0, (Math.floor(firstVisible / RUN) - 1) * RUN)
  return { first: Math.min(first, end), end }
}
