/**
 * Ids of spans and of their parents. They stay the one text that came: few are ever looked at, and a text for each of 100,000 would take as long as to
 * draw them. Called by traceModel.
 */
import type { WaterfallResponse } from 'rustok-lens/contract'

export interface SpanIds {
  /** 16 hexadecimal digits. */
  of(span: number): string
  /** Empty of a root. */
  parentOf(span: number): string
  /** Undefined of an id that no span here has. */
  find(spanId: string): number | undefined
  /** By span, as they came: -1 for none that is here. */
  readonly parents: readonly number[]
  /** Spans whose parent is not here. */
  orphans(): Iterable<number>
}

const LENGTH = 16

export function spanIds({ spanIds, parents, missingParents }: WaterfallResponse): SpanIds {
  const missing = new Map(missingParents.map(({ span, parentSpanId }) => [span, parentSpanId]))
  const of = (span: number) => spanIds.slice(span * LENGTH, (span + 1) * LENGTH)
  let places: Map<string, number> | undefined
  return {
    of,
    parentOf(span) {
      const parent = parents[span]!
      return parent === -1 ? (missing.get(span) ?? '') : of(parent)
    },
    find(spanId) {
      places ??= new Map(parents.map((_, span) => [of(span), span]))
      return places.get(spanId)
    },
    parents,
    orphans: () => missing.keys(),
  }
}
