/**
 * Two traces as one tree: spans of the same service and name under the same caller are one row, however many there are, with what each trace has
 * of them. So structure that differs shows as rows of one trace alone, and time that differs as rows whose self times do. Flat, in preorder; no
 * recursion. Called by the page of two traces.
 */
import type { TraceModel } from './trace-model.ts'

/** What one trace has of a row. */
export interface Side {
  /** Its spans. */
  readonly spans: readonly number[]
  /** Nanoseconds, of all of them. */
  readonly duration: number
  readonly self: number
  readonly failed: number
}

export interface DiffRow {
  readonly service: string
  readonly name: string
  readonly depth: number
  /** Its caller is of another service, or it has none. */
  readonly isEntry: boolean
  readonly a: Side | undefined
  readonly b: Side | undefined
  /** Nanoseconds of self time that b has more than a. */
  readonly change: number
  /** After its last descendant, as an index of a row. */
  readonly end: number
}

export interface TraceDiff {
  readonly rows: readonly DiffRow[]
  /** Nanoseconds: of the root spans, from the first one's begin to the last one's end. */
  readonly length: { readonly a: number; readonly b: number }
  /** Indices of rows, the largest change of self time first, those without one left out. */
  readonly movers: readonly number[]
}

/** Of rows that wait to be opened: their spans in each trace. */
interface Group {
  readonly service: string
  readonly name: string
  readonly a: number[]
  readonly b: number[]
  /** When its first span began, as a share of its trace. */
  first: number
}

export function diffTraces(a: TraceModel, b: TraceModel): TraceDiff {
  const rows: (Omit<DiffRow, 'end'> & { end: number })[] = []
  // A row that is being walked: its index, and which of its groups is next.
  const open: { row: number; groups: readonly Group[]; next: number }[] = [
    { row: -1, groups: grouped(a, [...a.tree.roots], b, [...b.tree.roots]), next: 0 },
  ]
  while (open.length > 0) {
    const top = open.at(-1)!
    const group = top.groups[top.next++]
    if (group === undefined) {
      if (top.row >= 0) rows[top.row]!.end = rows.length
      open.pop()
      continue
    }
    const [ours, theirs] = [sideOf(a, group.a), sideOf(b, group.b)]
    rows.push({
      service: group.service,
      name: group.name,
      depth: open.length - 1,
      isEntry: rows[top.row]?.service !== group.service,
      a: ours,
      b: theirs,
      change: (theirs?.self ?? 0) - (ours?.self ?? 0),
      end: 0,
    })
    const groups = grouped(a, childrenOf(a, group.a), b, childrenOf(b, group.b))
    open.push({ row: rows.length - 1, groups, next: 0 })
  }
  const movers = rows
    .map((_, index) => index)
    .filter((index) => rows[index]!.change !== 0)
    .sort((one, other) => Math.abs(rows[other]!.change) - Math.abs(rows[one]!.change) || one - other)
  return { rows, length: { a: a.times.length, b: b.times.length }, movers }
}

function childrenOf({ tree }: TraceModel, spans: readonly number[]): number[] {
  return spans.flatMap((span) => [
    ...tree.children.subarray(tree.childStart[span]!, tree.childStart[span + 1]!),
  ])
}

/** By service and name, in the order of their begins. */
function grouped(
  a: TraceModel,
  ofA: readonly number[],
  b: TraceModel,
  ofB: readonly number[],
): readonly Group[] {
  const groups = new Map<string, Group>()
  const add = (model: TraceModel, side: 'a' | 'b', span: number) => {
    const service = model.services[model.service[span]!]!.name
    const { name } = model.spans[span]!
    const key = JSON.stringify([service, name])
    const first = model.times.start[span]! / model.times.length
    const group = groups.get(key) ?? { service, name, a: [], b: [], first }
    group[side].push(span)
    group.first = Math.min(group.first, first)
    groups.set(key, group)
  }
  for (const span of ofA) add(a, 'a', span)
  for (const span of ofB) add(b, 'b', span)
  return [...groups.values()].sort((one, other) => one.first - other.first)
}

function sideOf({ times, self, failed }: TraceModel, spans: readonly number[]): Side | undefined {
  if (spans.length === 0) return undefined
  const sum = (of: Float64Array | Uint8Array) => spans.reduce((total, span) => total + of[span]!, 0)
  return { spans, duration: sum(times.duration), self: sum(self), failed: sum(failed) }
}

/** Rows that differ by at least this share of the longer trace, or are of one trace alone; with their callers, so that the tree holds together. */
const NOTABLE = 0.01

export function notableRows({ rows, length }: TraceDiff): readonly number[] {
  const least = NOTABLE * Math.max(length.a, length.b)
  const shown = new Set<number>()
  const callers: number[] = []
  for (const [index, row] of rows.entries()) {
    callers.length = row.depth
    callers.push(index)
    const isNotable =
      row.a === undefined ||
      row.b === undefined ||
      Math.abs(row.change) >= least ||
      row.a.spans.length !== row.b.spans.length ||
      row.a.failed !== row.b.failed
    if (isNotable) for (const caller of callers) shown.add(caller)
  }
  return [...shown].sort((one, other) => one - other)
}
