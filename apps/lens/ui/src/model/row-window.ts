/**
 * Which rows to draw: the visible ones and some around them, in whole chunks. Between two chunk borders nothing is
 * drawn at all: text and canvas are one layer that the compositor scrolls. Called by the waterfall's scroll listener.
 */
export interface RowWindow {
  readonly first: number
  /** After the last row of the window. */
  readonly end: number
}

/** Rows per step. Smaller redraws more often while scrolling, larger keeps more rows in the document (about 20 kB each). */
const CHUNK = 16

export function rowWindow(scrollTop: number, height: number, rowHeight: number, count: number): RowWindow {
  const firstVisible = Math.floor(Math.max(0, scrollTop) / rowHeight)
  const lastVisible = Math.ceil((Math.max(0, scrollTop) + Math.max(0, height)) / rowHeight)
  const end = Math.min(count, (Math.ceil(lastVisible / CHUNK) + 1) * CHUNK)
  const first = Math.max(0, (Math.floor(firstVisible / CHUNK) - 1) * CHUNK)
  return { first: Math.min(first, end), end }
}
