/**
 * The same call over and over: siblings of one name and service, drawn as one row, "42 × SELECT products", until somebody opens it. A folded group
 * stands in the set of what is collapsed as a negative number, so that one set says what the waterfall leaves out. Called by traceModel
 * and by the rows.
 */
import type { SpanTree } from './span-tree.ts'

export interface Repetition {
  /** The first of them: its row stands for all. */
  readonly leader: number
  /** By start. */
  readonly members: readonly number[]
  /** Nanoseconds. */
  readonly total: number
  readonly median: number
  readonly max: number
  /** Failed spans among them and below them. */
  readonly failed: number
}

export interface Repetitions {
  readonly groups: readonly Repetition[]
  /** By span: the place in `groups`, or -1. */
  readonly of: Int32Array
}

/** Fewer are read faster one by one. */
export const LEAST_REPEATED = 5

export function repetitions(
  tree: SpanTree,
  nameOf: (span: number) => string,
  service: Uint16Array,
  duration: Float64Array,
  failures: (span: number) => number,
): Repetitions {
  const of = new Int32Array(tree.parent.length).fill(-1)
  const groups: Repetition[] = []
  for (const parent of tree.order) {
    const first = tree.childStart[parent]!
    const end = tree.childStart[parent + 1]!
    if (end - first < LEAST_REPEATED) continue
    const byName = new Map<string, number[]>()
    for (let at = first; at < end; at++) {
      const child = tree.children[at]!
      const key = `${service[child]} ${nameOf(child)}`
      const known = byName.get(key)
      if (known === undefined) byName.set(key, [child])
      else known.push(child)
    }
    for (const members of byName.values()) {
      if (members.length < LEAST_REPEATED) continue
      for (const member of members) of[member] = groups.length
      const sorted = Float64Array.from(members, (member) => duration[member]!).sort()
      groups.push({
        leader: members[0]!,
        members,
        total: sorted.reduce((sum, nanos) => sum + nanos, 0),
        median: sorted[(sorted.length - 1) >> 1]!,
        max: sorted.at(-1)!,
        failed: members.reduce((sum, member) => sum + failures(member), 0),
      })
    }
  }
  return { groups, of }
}

/** What stands for a folded group among what is collapsed. */
export function foldOf(group: number): number {
  return -1 - group
}

export function allFolded({ groups }: Repetitions): ReadonlySet<number> {
  return new Set(groups.map((_, group) => foldOf(group)))
}

/** The group that the span's row stands for; undefined when it stands for the span alone. */
export function foldedAt(
  { groups, of }: Repetitions,
  collapsed: ReadonlySet<number>,
  span: number,
): Repetition | undefined {
  const group = of[span]!
  if (group === -1 || groups[group]!.leader !== span || !collapsed.has(foldOf(group))) return undefined
  return groups[group]
}
