/**
 * Compares the trees that were captured with those that are expected. Siblings may come in any order, as parallel work does; each
 * span is counted once. What is left over on both sides is paired by name, or by all but the name, so that a span that differs is
 * told as one difference.
 */
import { assignPairs } from './assign-pairs.ts'
import type { ExpectedNode, ExpectedSiblings } from './expected-trace.ts'
import type { CapturedSpan } from './read-spans.ts'
import { type Difference, differencesOf, matchesSpan } from './span-match.ts'

/** One line of the comparison, in the order of the trees. */
export interface Row {
  readonly depth: number
  readonly expected: ExpectedNode | undefined
  readonly actual: CapturedSpan | undefined
  /** Of a span that is there: what of it differs. */
  readonly differences: readonly Difference[]
  /** The span above, for messages. */
  readonly parent: CapturedSpan | undefined
}

export function compareTraces(expected: ExpectedSiblings, roots: readonly CapturedSpan[]): readonly Row[] {
  return compareSiblings(expected, roots, 0, undefined)
}

export function isFaulty({ expected, actual, differences }: Row): boolean {
  return expected === undefined || actual === undefined || differences.length > 0
}

function compareSiblings(
  { nodes, partial }: ExpectedSiblings,
  spans: readonly CapturedSpan[],
  depth: number,
  parent: CapturedSpan | undefined,
): Row[] {
  const pairs = pairUp(nodes, spans)
  const taken = new Set(pairs)
  const rows = nodes.flatMap((node, i): Row[] => {
    const span = pairs[i]
    if (span === undefined) return missing(node, depth, parent)
    const differences = differencesOf(span, node.match)
    const row: Row = { depth, expected: node, actual: span, differences, parent }
    return [row, ...compareSiblings(node.children, span.children, depth + 1, span)]
  })
  const further = partial ? [] : spans.filter((span) => !taken.has(span))
  return [...rows, ...further.flatMap((span) => unexpected(span, depth, parent))]
}

/** For each expected span the captured one that stands for it. */
function pairUp(
  nodes: readonly ExpectedNode[],
  spans: readonly CapturedSpan[],
): readonly (CapturedSpan | undefined)[] {
  const pairs = assignPairs(nodes, spans, isSame)
  const left = (): readonly CapturedSpan[] => spans.filter((span) => !pairs.includes(span))
  for (const [i, node] of nodes.entries()) {
    const { name } = node.match
    pairs[i] ??= left().find((span) => name !== undefined && matchesSpan(span, { name }))
  }
  for (const [i, node] of nodes.entries()) {
    pairs[i] ??= left().find((span) => differencesOf(span, node.match).every(({ what }) => what === 'name'))
  }
  return pairs
}

function isSame(node: ExpectedNode, span: CapturedSpan): boolean {
  if (!matchesSpan(span, node.match)) return false
  const { nodes, partial } = node.children
  if (nodes.length > span.children.length || (!partial && nodes.length < span.children.length)) return false
  return !assignPairs(nodes, span.children, isSame).includes(undefined)
}

function missing(node: ExpectedNode, depth: number, parent: CapturedSpan | undefined): Row[] {
  const row: Row = { depth, expected: node, actual: undefined, differences: [], parent }
  return [row, ...node.children.nodes.flatMap((child) => missing(child, depth + 1, undefined))]
}

function unexpected(span: CapturedSpan, depth: number, parent: CapturedSpan | undefined): Row[] {
  const row: Row = { depth, expected: undefined, actual: span, differences: [], parent }
  return [row, ...span.children.flatMap((child) => unexpected(child, depth + 1, span))]
}
