/**
 * The waterfall's rows: the spans in preorder without those below a collapsed one and those that a folded row stands for, as one flat array. Rows keep the
 * order of positions, so the row of a span is a binary search away. Called by the waterfall at each collapse.
 */
import { foldOf, type Repetitions } from './repetition.ts'
import type { SpanTree } from './span-tree.ts'

export function visibleRows(
  tree: SpanTree,
  collapsed: ReadonlySet<number>,
  repeated?: Repetitions,
): Int32Array {
  if (collapsed.size === 0) return tree.order
  const rows = new Int32Array(tree.count)
  let filled = 0
  let at = 0
  while (at < tree.count) {
    const span = tree.order[at]!
    const group = repeated?.of[span] ?? -1
    const isFolded = group !== -1 && collapsed.has(foldOf(group))
    if (!isFolded || repeated?.groups[group]?.leader === span) rows[filled++] = span
    at = isFolded || collapsed.has(span) ? tree.subtreeEnd[span]! : at + 1
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

/** `collapsed` without what hides the span: ancestors, and rows that stand for it or for one of them; the same set when nothing does. */
export function revealing(
  tree: SpanTree,
  collapsed: ReadonlySet<number>,
  span: number,
  repeated?: Repetitions,
): ReadonlySet<number> {
  let opened: Set<number> | undefined
  const open = (what: number) => {
    if (!collapsed.has(what)) return
    opened ??= new Set(collapsed)
    opened.delete(what)
  }
  for (let at = span; at !== -1; at = tree.parent[at]!) {
    if (at !== span) open(at)
    const group = repeated?.of[at] ?? -1
    if (group !== -1 && (at !== span || repeated?.groups[group]?.leader !== span)) open(foldOf(group))
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
