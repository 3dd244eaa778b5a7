/**
 * Parents, depths and drawing order of any set of spans, in flat arrays. Whatever comes in, each span is in the order
 * exactly once: a span whose parent is not here becomes a root and is marked as an orphan, and a cycle is cut at its
 * earliest span. No recursion: a chain of 100,000 spans is as good as a bush. Called by traceModel.
 *
 *   order       0  1  2  3  4  5  6      preorder: a subtree is a slice
 *   span        a  b  d  e  c  f  g
 *   subtreeEnd  7  4  3  4  7  6  7      by span: the position after its last descendant
 */
export const ORPHAN = 1
export const CYCLE = 2

export interface SpanTree {
  readonly count: number
  /** By span: index of the parent, -1 for a root. */
  readonly parent: Int32Array
  readonly depth: Int32Array
  /** By span: bits of ORPHAN and CYCLE. */
  readonly marks: Uint8Array
  /** By span: 1 for the last of its siblings. */
  readonly lastSibling: Uint8Array
  /** Children of span i: children[childStart[i]] up to, not including, children[childStart[i + 1]], by start. */
  readonly children: Int32Array
  readonly childStart: Int32Array
  readonly roots: Int32Array
  /** By position in preorder: the span. */
  readonly order: Int32Array
  /** By span: its position in `order`. */
  readonly position: Int32Array
  readonly subtreeEnd: Int32Array
  readonly maxDepth: number
}

/** `told` are parents by span, as they came: -1 for none that is here; `orphans` are spans whose parent is not. */
export function spanTree(
  told: ArrayLike<number>,
  orphans: Iterable<number>,
  start: Float64Array,
  duration: Float64Array,
): SpanTree {
  const count = told.length
  const byStart = sortedByStart(start, duration)
  const marks = new Uint8Array(count)
  const parent = new Int32Array(told)
  for (const span of orphans) marks[span]! |= ORPHAN
  cutCycles(parent, byStart, marks)

  // Counting sort by parent; siblings keep the order of their starts. Slot 0 holds the roots.
  const slots = new Int32Array(count + 2)
  for (const up of parent) slots[up + 2]!++
  for (let slot = 1; slot < slots.length; slot++) slots[slot]! += slots[slot - 1]!
  const next = slots.slice(0, count + 1)
  const grouped = new Int32Array(count)
  for (const index of byStart) grouped[next[parent[index]! + 1]!++] = index
  const rootCount = slots[1]!
  const childStart = new Int32Array(count + 1)
  for (let index = 0; index <= count; index++) childStart[index] = slots[index + 1]! - rootCount
  const roots = grouped.slice(0, rootCount)
  const children = grouped.slice(rootCount)

  const lastSibling = new Uint8Array(count)
  if (rootCount > 0) lastSibling[roots[rootCount - 1]!] = 1
  for (let index = 0; index < count; index++) {
    const end = childStart[index + 1]!
    if (end > childStart[index]!) lastSibling[children[end - 1]!] = 1
  }
  const walked = walk(parent, roots, children, childStart)
  return {
    count,
    parent,
    marks,
    lastSibling,
    children,
    childStart,
    roots,
    ...walked,
  }
}

/** By start; of spans that start together the longer one first, as it is likelier to enclose the other. */
function sortedByStart(start: Float64Array, duration: Float64Array): Int32Array {
  const order = new Int32Array(start.length)
  for (let index = 0; index < order.length; index++) order[index] = index
  const compare = (a: number, b: number) => start[a]! - start[b]! || duration[b]! - duration[a]! || a - b
  for (let index = 1; index < order.length; index++) {
    if (compare(order[index - 1]!, order[index]!) > 0) return order.sort(compare)
  }
  return order
}

/** Follows each span upwards; meeting the walk's own trail is a cycle, cut at its earliest member. */
function cutCycles(parent: Int32Array, byStart: Int32Array, marks: Uint8Array): void {
  const rank = new Int32Array(parent.length)
  byStart.forEach((index, at) => {
    rank[index] = at
  })
  const trail = new Int32Array(parent.length)
  for (let first = 0; first < parent.length; first++) {
    const walkId = first + 1
    let at = first
    while (at !== -1 && trail[at] === 0) {
      trail[at] = walkId
      at = parent[at]!
    }
    if (at === -1 || trail[at] !== walkId) continue
    let earliest = at
    for (let member = parent[at]!; member !== at; member = parent[member]!) {
      if (rank[member]! < rank[earliest]!) earliest = member
    }
    parent[earliest] = -1
    marks[earliest]! |= CYCLE
  }
}

function walk(parent: Int32Array, roots: Int32Array, children: Int32Array, childStart: Int32Array) {
  const count = parent.length
  const depth = new Int32Array(count)
  const order = new Int32Array(count)
  const position = new Int32Array(count)
  const subtreeEnd = new Int32Array(count)
  const stack = Int32Array.from(roots).reverse()
  const pending = new Int32Array(count)
  pending.set(stack)
  let top = stack.length
  let filled = 0
  let maxDepth = 0
  while (top > 0) {
    const index = pending[--top]!
    const up = parent[index]!
    if (up !== -1) depth[index] = depth[up]! + 1
    maxDepth = Math.max(maxDepth, depth[index]!)
    position[index] = filled
    order[filled++] = index
    for (let child = childStart[index + 1]! - 1; child >= childStart[index]!; child--)
      pending[top++] = children[child]!
  }
  // Backwards, a span comes after all of its descendants, so each can hand its end on to its parent.
  for (let at = count - 1; at >= 0; at--) {
    const index = order[at]!
    if (subtreeEnd[index] === 0) subtreeEnd[index] = at + 1
    const up = parent[index]!
    if (up !== -1) subtreeEnd[up] = Math.max(subtreeEnd[up]!, subtreeEnd[index]!)
  }
  return { depth, order, position, subtreeEnd, maxDepth }
}
