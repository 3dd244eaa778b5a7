/** Parses a source for the checks that look at code: a plain tree, walked in source order. */
import { parseSync, visitorKeys } from 'oxc-parser'

export interface Node {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

export interface Syntax {
  readonly program: Node
  readonly error: { readonly message: string; readonly line: number } | undefined
  /** From 1. */
  lineOf(offset: number): number
}

export function parseSource(file: string, source: string): Syntax {
  const lineOf = (offset: number): number => source.slice(0, offset).split('\n').length
  const { program, errors } = parseSync(file, source)
  const [first] = errors
  const error = first && { message: first.message, line: lineOf(first.labels[0]?.start ?? 0) }
  return { program: program as unknown as Node, error, lineOf }
}

export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [node[key]].flat()) {
      if (isNode(child)) walk(child, visit)
    }
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** The value of a string or of a template without expressions. */
export function stringOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis) || node.quasis.length !== 1)
    return undefined
  return (node.quasis[0] as { value: { cooked: string } }).value.cooked
}
