/**
 * Names a span in an address: by its id, and the second span with one id as `{id}.2`. Called by the trace page, where
 * every row must have a link, also when ids were not unique.
 */
import { DUPLICATE, type SpanTree } from './span-tree.ts'

interface SpanNamed {
  readonly spanId: string
}

export function spanKey(tree: SpanTree, spans: readonly SpanNamed[], span: number): string {
  const { spanId } = spans[span]!
  if ((tree.marks[span]! & DUPLICATE) === 0) return spanId
  return `${spanId}.${duplicates(tree, spans, spanId).indexOf(span) + 2}`
}

export function spanOfKey(tree: SpanTree, spans: readonly SpanNamed[], key: string): number | undefined {
  const dot = key.lastIndexOf('.')
  if (dot === -1) return tree.indexOf(key)
  const spanId = key.slice(0, dot)
  return duplicates(tree, spans, spanId)[Number(key.slice(dot + 1)) - 2]
}

function duplicates(tree: SpanTree, spans: readonly SpanNamed[], spanId: string): number[] {
  const found: number[] = []
  for (const span of tree.order) {
    if (tree.marks[span]! & DUPLICATE && spans[span]!.spanId === spanId) found.push(span)
  }
  return found
}
