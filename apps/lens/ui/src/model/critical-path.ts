/**
 * The critical path: what the end of the root waited for, walked backwards from it. Of the spans below one, the one that ended
 * last before a moment is what was waited for until then; a child that outlives what waited for it, as asynchronous work does, was
 * not. Together the stretches are as long as the root. Drawn by the waterfall, summed by the overview.
 */
import type { SpanTree } from './span-tree.ts'

export interface CriticalPath {
  /** By span: its stretches are pairs of start and end in `times` from 2 * first[span] up to, not including, 2 * first[span + 1]. */
  readonly first: Int32Array
  readonly times: Float64Array
}

export function criticalPath(
  tree: SpanTree,
  start: Float64Array,
  duration: Float64Array,
  root: number,
): CriticalPath {
  const spans: number[] = []
  const found: number[] = []
  const add = (span: number, from: number, to: number) => {
    if (to <= from) return
    spans.push(span)
    found.push(from, to)
  }
  const endOf = (span: number) => start[span]! + duration[span]!
  const frames: { span: number; children: Int32Array; next: number; from: number; until: number }[] = []
  const enter = (span: number, from: number, until: number) => {
    const children = tree.children.slice(tree.childStart[span]!, tree.childStart[span + 1]!)
    children.sort((a, b) => endOf(b) - endOf(a) || start[b]! - start[a]! || a - b)
    frames.push({ span, children, next: 0, from, until })
  }
  if (root >= 0) enter(root, start[root]!, endOf(root))
  for (let top = frames.at(-1); top !== undefined; top = frames.at(-1)) {
    const child = top.children[top.next++]
    if (child === undefined) {
      add(top.span, top.from, top.until)
      frames.pop()
      continue
    }
    const until = endOf(child)
    const from = Math.max(start[child]!, top.from)
    if (until > top.until || until <= from) continue
    add(top.span, until, top.until)
    top.until = from
    enter(child, from, until)
  }
  return bySpan(tree.count, spans, found)
}

function bySpan(count: number, spans: readonly number[], found: readonly number[]): CriticalPath {
  const first = new Int32Array(count + 1)
  for (const span of spans) first[span + 1]!++
  for (let span = 0; span < count; span++) first[span + 1]! += first[span]!
  const next = first.slice(0, count)
  const times = new Float64Array(found.length)
  spans.forEach((span, at) => {
    const place = next[span]!++
    times[2 * place] = found[2 * at]!
    times[2 * place + 1] = found[2 * at + 1]!
  })
  return { first, times }
}

/** How long the path runs through the span itself. */
export function timeOnPath({ first, times }: CriticalPath, span: number): number {
  let sum = 0
  for (let at = first[span]!; at < first[span + 1]!; at++) sum += times[2 * at + 1]! - times[2 * at]!
  return sum
}
