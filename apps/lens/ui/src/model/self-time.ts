/**
 * Self time: the part of a span during which none of its children ran, which is where the span itself spent the
 * time. Children that overlap count once; what a child does outside its parent (an asynchronous consumer) does not count.
 * Called by buildTrace for the figures and by the waterfall for the intervals that it draws.
 */
import type { SpanTree } from './span-tree.ts'

export function selfTimes(tree: SpanTree, start: Float64Array, duration: Float64Array): Float64Array {
  const self = new Float64Array(tree.count)
  for (let span = 0; span < tree.count; span++) {
    let covered = 0
    forEachCovered(tree, start, duration, span, (from, to) => {
      covered += to - from
    })
    self[span] = Math.max(0, duration[span]! - covered)
  }
  return self
}

/** Pairs of start and end, disjoint and in order, clipped to the span: when its children ran. */
export function coveredIntervals(
  tree: SpanTree,
  start: Float64Array,
  duration: Float64Array,
  span: number,
): Float64Array {
  const pairs: number[] = []
  forEachCovered(tree, start, duration, span, (from, to) => {
    if (pairs.length > 0 && pairs[pairs.length - 1] === from) pairs[pairs.length - 1] = to
    else pairs.push(from, to)
  })
  return Float64Array.from(pairs)
}

function forEachCovered(
  tree: SpanTree,
  start: Float64Array,
  duration: Float64Array,
  span: number,
  visit: (from: number, to: number) => void,
): void {
  let edge = start[span]!
  const end = edge + duration[span]!
  for (let at = tree.childStart[span]!; at < tree.childStart[span + 1]!; at++) {
    const child = tree.children[at]!
    const from = Math.max(edge, start[child]!)
    const to = Math.min(end, start[child]! + duration[child]!)
    if (to <= from) continue
    visit(from, to)
    edge = to
  }
}
