/** Where the keys lead in the flame: to the parent, the first child, and along the lane. Called by the flame view. */
import type { FlameLayout } from './flame-layout.ts'
import type { SpanTree } from './span-tree.ts'
import type { TimeView } from './timeline.ts'

export type FlameKey = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight' | 'Home' | 'End'

/** The span itself where there is no way. */
export function flameStep(tree: SpanTree, layout: FlameLayout, span: number, key: FlameKey): number {
  const { lane, spans, laneStart } = layout
  const along = (by: number) => {
    const first = laneStart[lane[span]!]!
    const end = laneStart[lane[span]! + 1]!
    const next = spans.subarray(first, end).indexOf(span) + first + by
    return next >= first && next < end ? spans[next]! : span
  }
  switch (key) {
    case 'ArrowUp':
      return tree.parent[span] === -1 ? span : tree.parent[span]!
    case 'ArrowDown':
      return tree.childStart[span] === tree.childStart[span + 1]
        ? span
        : tree.children[tree.childStart[span]!]!
    case 'ArrowLeft':
      return along(-1)
    case 'ArrowRight':
      return along(1)
    case 'Home':
      return tree.order[0]!
    case 'End':
      return tree.order.at(-1)!
  }
}

/** One step back from a zoom: to the nearest caller of the span that takes more than what is shown; undefined for the whole trace. */
export function zoomedOut(
  tree: SpanTree,
  { start, duration }: { readonly start: Float64Array; readonly duration: Float64Array },
  span: number,
  view: TimeView,
): TimeView | undefined {
  // The address keeps whole nanoseconds.
  const slack = 1
  for (let up = span; up !== -1; up = tree.parent[up]!) {
    const end = start[up]! + duration[up]!
    const encloses = start[up]! <= view.start + slack && end >= view.end - slack
    if (encloses && duration[up]! > view.end - view.start + 2 * slack) return { start: start[up]!, end }
  }
  return undefined
}
