/**
 * The waterfall's rows: the spans in preorder without those below a collapsed one, as one flat array. Rows keep the
 * order of positions, so the row of a span is a binary search away. Called by the waterfall at each collapse.
 */
import type { SpanTree } from './span-tree.ts'

export function visibleRows(tree: SpanTree, collapsed: ReadonlySet<number>): Int32Array {
  if (collapsed.size === 0) return tree.order
  const rows = new Int32Array(tree.count)
  let filled = 0
  let at = 0
  while (at < tree.count) {
    const span = tree.order[at]!
    rows[filled++] = span
    at = collapsed.has(span) ? tree.subtreeEnd[span]! : at + 1
  }
  return rows.slice(0, filled)
}

/** The row that shows the span, or -1 while an ancestor is collapsed. */
export function rowOf(tree: SpanTree, rows: Int32Array, span: number): number {
  const wanted = tree.position[span]!
  let low = 0
  let high = rows.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const at = tree.position[rows[middle]!]!
    if (at === wanted) return middle
    if (at < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** `collapsed` without the ancestors that hide the span; the same set when none does. */
export function revealing(tree: SpanTree, collapsed: ReadonlySet<number>, span: number): ReadonlySet<number> {
  let opened: Set<number> | undefined
  for (let up = tree.parent[span]!; up !== -1; up = tree.parent[up]!) {
    if (!collapsed.has(up)) continue
    opened ??= new Set(collapsed)
    opened.delete(up)
  }
  return opened ?? collapsed
}

export function hasChildren(tree: SpanTree, span: number): boolean {
  return tree.childStart[span + 1]! > tree.childStart[span]!
}

/** Spans below this one. */
export function descendantCount(tree: SpanTree, span: number): number {
  return tree.subtreeEnd[span]! - tree.position[span]! - 1
}
