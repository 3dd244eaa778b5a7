/**
 * The trace with some of its spans alone: those that match, and above each what called it. The rest is left out of a tree of its own,
 * so that rows, guides, folds and keys are those of any trace. Called by the trace page.
 */
import { repetitions } from './repetition.ts'
import { operationNumbers } from './span-groups.ts'
import type { SpanTree } from './span-tree.ts'
import type { TraceModel } from './trace-model.ts'

export interface FilteredTrace {
  /** By span 1 for those that match; those above them are context. */
  readonly matches: Uint8Array
  readonly count: number
  /** Of `tree` and `repeated` are those that are kept; all else is of the whole trace. */
  readonly model: TraceModel
}

export function alikeOf(model: TraceModel, span: number): Uint8Array {
  const numbers = operationNumbers(model)
  return Uint8Array.from(numbers, (number) => (number === numbers[span] ? 1 : 0))
}

export function ofService(model: TraceModel, service: string): Uint8Array {
  const place = model.services.findIndex(({ name }) => name === service)
  return Uint8Array.from(model.service, (of) => (of === place ? 1 : 0))
}

export function filteredTrace(model: TraceModel, matches: Uint8Array): FilteredTrace {
  const { tree, spans, service, times, failed, failedBelow } = model
  const kept = Uint8Array.from(matches)
  for (let at = tree.count - 1; at >= 0; at--) {
    const span = tree.order[at]!
    const up = tree.parent[span]!
    if (kept[span] === 1 && up !== -1) kept[up] = 1
  }
  const shown = treeOf(tree, kept)
  const repeated = repetitions(
    shown,
    (span) => spans[span]!.name,
    service,
    times.duration,
    (span) => failed[span]! + failedBelow[span]!,
  )
  return {
    matches,
    count: matches.reduce((sum, match) => sum + match, 0),
    model: { ...model, tree: shown, repeated },
  }
}

/** `kept` has the parent of each that it has. Arrays by span keep their length; a span that is left out has the position -1. */
function treeOf(tree: SpanTree, kept: Uint8Array): SpanTree {
  const all = tree.parent.length
  const order = tree.order.filter((span) => kept[span] === 1)
  const position = new Int32Array(all).fill(-1)
  order.forEach((span, at) => {
    position[span] = at
  })
  // Positions of the whole tree to those of what is left.
  const keptBefore = new Int32Array(tree.count + 1)
  for (let at = 0; at < tree.count; at++) keptBefore[at + 1] = keptBefore[at]! + kept[tree.order[at]!]!
  const subtreeEnd = tree.subtreeEnd.map((end) => keptBefore[end]!)
  const children = tree.children.filter((span) => kept[span] === 1)
  const childStart = new Int32Array(all + 1)
  const lastSibling = new Uint8Array(all)
  let filled = 0
  for (let span = 0; span < all; span++) {
    childStart[span] = filled
    for (let at = tree.childStart[span]!; at < tree.childStart[span + 1]!; at++)
      filled += kept[tree.children[at]!]!
    if (filled > childStart[span]!) lastSibling[children[filled - 1]!] = 1
  }
  childStart[all] = filled
  const roots = tree.roots.filter((span) => kept[span] === 1)
  if (roots.length > 0) lastSibling[roots.at(-1)!] = 1
  const maxDepth = order.reduce((deepest, span) => Math.max(deepest, tree.depth[span]!), 0)
  return {
    ...tree,
    count: order.length,
    order,
    position,
    subtreeEnd,
    children,
    childStart,
    lastSibling,
    roots,
    maxDepth,
  }
}
