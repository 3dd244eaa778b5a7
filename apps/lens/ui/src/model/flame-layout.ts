/**
 * The flame view's layout: time runs across, and each span has a lane below its parent's, the highest that is free by then. Spans of one lane never
 * overlap, so that a lane is searched by bisection, and drawing asks no more spans than there are pixels. Made once a trace.
 *
 *   lane 0   ████████████████ GET /checkout
 *   lane 1     ███ a  ████ b            one after the other share a lane
 *   lane 2             ██████ c         c ran while b did
 */
import type { SpanTree } from './span-tree.ts'
import { project, type TimeView } from './timeline.ts'

export interface FlameLayout {
  readonly laneCount: number
  /** By span. */
  readonly lane: Int32Array
  /** Spans of lane l by start: spans[laneStart[l]] up to, not including, spans[laneStart[l + 1]]. */
  readonly spans: Int32Array
  readonly laneStart: Int32Array
}

export function flameLayout(tree: SpanTree, start: Float64Array, duration: Float64Array): FlameLayout {
  const { count } = tree
  const lane = new Int32Array(count)
  const lanes = new FreeLanes()
  let laneCount = 0
  const byStart = parentsFirst(tree, start)
  for (const span of byStart) {
    const up = tree.parent[span]!
    const place = lanes.firstFree(up === -1 ? 0 : lane[up]! + 1, start[span]!)
    lane[span] = place
    lanes.take(place, start[span]! + duration[span]!)
    laneCount = Math.max(laneCount, place + 1)
  }
  const laneStart = new Int32Array(laneCount + 1)
  for (const place of lane) laneStart[place + 1]!++
  for (let place = 0; place < laneCount; place++) laneStart[place + 1]! += laneStart[place]!
  const next = laneStart.slice(0, laneCount)
  const spans = new Int32Array(count)
  for (const span of byStart) spans[next[lane[span]!]!++] = span
  return { laneCount, lane, spans, laneStart }
}

/** By start, and a child that began before its parent right after it: a lane is given to the parent first. */
function parentsFirst(tree: SpanTree, start: Float64Array): Int32Array {
  const from = new Float64Array(tree.count)
  for (const span of tree.order) {
    const up = tree.parent[span]!
    from[span] = up === -1 ? start[span]! : Math.max(start[span]!, from[up]!)
  }
  return Int32Array.from(tree.order).sort(
    (a, b) => from[a]! - from[b]! || tree.position[a]! - tree.position[b]!,
  )
}

/** Until when each lane is taken, as a tree of minima: of 100,000 spans at once, each would else ask all lanes. */
class FreeLanes {
  #size = 64
  #until = new Float64Array(2 * 64).fill(Number.NEGATIVE_INFINITY)

  firstFree(from: number, at: number): number {
    while (from >= this.#size) this.#grow()
    let node = from + this.#size
    // Up and to the right, until a subtree has a free lane.
    while (this.#until[node]! > at) {
      while (node & 1) node >>= 1
      if (node === 0) {
        const next = this.#size
        this.#grow()
        return next
      }
      node++
    }
    while (node < this.#size) node = this.#until[2 * node]! <= at ? 2 * node : 2 * node + 1
    return node - this.#size
  }

  take(lane: number, until: number): void {
    let node = lane + this.#size
    this.#until[node] = Math.max(this.#until[node]!, until)
    for (node >>= 1; node > 0; node >>= 1)
      this.#until[node] = Math.min(this.#until[2 * node]!, this.#until[2 * node + 1]!)
  }

  #grow(): void {
    const old = this.#until.subarray(this.#size)
    this.#size *= 2
    this.#until = new Float64Array(2 * this.#size).fill(Number.NEGATIVE_INFINITY)
    this.#until.set(old, this.#size)
    for (let node = this.#size - 1; node > 0; node--)
      this.#until[node] = Math.min(this.#until[2 * node]!, this.#until[2 * node + 1]!)
  }
}

export interface FlameBar {
  readonly span: number
  readonly x: number
  readonly width: number
  /** Spans that begin within this bar's pixel and are not drawn themselves. */
  readonly more: number
}

/** The bars of one lane within the view. Of spans that are narrower than a pixel, one stands for all that begin in it. */
export function laneBars(
  layout: FlameLayout,
  times: { readonly start: Float64Array; readonly duration: Float64Array },
  lane: number,
  view: TimeView,
  width: number,
): readonly FlameBar[] {
  const { spans, laneStart } = layout
  const end = laneStart[lane + 1]!
  const perPixel = (view.end - view.start) / Math.max(1, width)
  const bars: FlameBar[] = []
  let at = firstEndingAfter(layout, times, lane, view.start)
  while (at < end && times.start[spans[at]!]! <= view.end) {
    const span = spans[at]!
    const from = Math.max(0, project(view, width, times.start[span]!))
    const to = Math.min(width, project(view, width, times.start[span]! + times.duration[span]!))
    let next = at + 1
    if (to - from < 1) next = firstStartingFrom(layout, times, next, end, times.start[span]! + perPixel)
    bars.push({ span, x: from, width: Math.max(1, to - from), more: next - at - 1 })
    at = next
  }
  return bars
}

/** The span at a moment of a lane, or the nearest within `slack`. */
export function flameSpanAt(
  layout: FlameLayout,
  times: { readonly start: Float64Array; readonly duration: Float64Array },
  lane: number,
  time: number,
  slack: number,
): number | undefined {
  if (lane < 0 || lane >= layout.laneCount) return undefined
  const at = firstEndingAfter(layout, times, lane, time - slack)
  if (at >= layout.laneStart[lane + 1]!) return undefined
  const span = layout.spans[at]!
  return times.start[span]! <= time + slack ? span : undefined
}

/** The place of the lane's first span that ends at the time or later. */
function firstEndingAfter(
  { spans, laneStart }: FlameLayout,
  times: { readonly start: Float64Array; readonly duration: Float64Array },
  lane: number,
  time: number,
): number {
  let low = laneStart[lane]!
  let high = laneStart[lane + 1]!
  while (low < high) {
    const middle = (low + high) >> 1
    const span = spans[middle]!
    if (times.start[span]! + times.duration[span]! < time) low = middle + 1
    else high = middle
  }
  return low
}

function firstStartingFrom(
  { spans }: FlameLayout,
  { start }: { readonly start: Float64Array },
  from: number,
  end: number,
  time: number,
): number {
  let low = from
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (start[spans[middle]!]! < time) low = middle + 1
    else high = middle
  }
  return low
}
