/** The spans of a capture: all of them in the order in which they started, and the trees that they form. */
import { formatSpan } from './format-span.ts'
import type { CapturedSpan } from './read-spans.ts'
import { matchesSpan, type SpanMatch } from './span-match.ts'

export class CapturedSpans implements Iterable<CapturedSpan> {
  /** By their start. */
  readonly all: readonly CapturedSpan[]
  /** Those whose parent was not captured: the trees, by their start. */
  readonly roots: readonly CapturedSpan[]
  /** How many had begun and not ended. */
  readonly unended: number

  constructor(spans: readonly CapturedSpan[], unended: number) {
    const copies = spans.map((span) => ({ ...span, children: [] as CapturedSpan[] })).sort(byStart)
    const byId = new Map(copies.map((span) => [span.spanId, span]))
    this.all = copies
    this.roots = copies.filter((span) => {
      const parent = byId.get(span.parentSpanId)
      parent?.children.push(span)
      return parent === undefined
    })
    this.unended = unended
  }

  get length(): number {
    return this.all.length
  }

  [Symbol.iterator](): Iterator<CapturedSpan> {
    return this.all[Symbol.iterator]()
  }

  /** The first span that matches: `find({ name: 'GET /users', attributes: { 'http.response.status_code': 200 } })`. */
  find(match: SpanMatch): CapturedSpan | undefined {
    return this.all.find((span) => matchesSpan(span, match))
  }

  filter(match: SpanMatch): readonly CapturedSpan[] {
    return this.all.filter((span) => matchesSpan(span, match))
  }

  /**
   * The only span that matches.
   *
   * @throws Error that shows the tree when there is none, or more than one.
   */
  only(match: SpanMatch): CapturedSpan {
    const [found, ...others] = this.filter(match)
    if (found !== undefined && others.length === 0) return found
    const count = found === undefined ? 'No span matches' : `${others.length + 1} spans match`
    throw new Error(`${count} ${JSON.stringify(match)}; captured were:\n\n${this.tree() || '(none)'}\n`)
  }

  /** The trees as indented lines, with these attributes, or all: what `assertTrace` takes. */
  tree(attributes: readonly string[] | 'all' = []): string {
    const lines = (spans: readonly CapturedSpan[], indent: string): string[] =>
      spans.flatMap((span) => [
        indent + formatSpan(span, attributes === 'all' ? Object.keys(span.attributes) : attributes),
        ...lines(span.children, `${indent}  `),
      ])
    return lines(this.roots, '').join('\n')
  }

  toString(): string {
    return this.tree()
  }
}

function byStart(a: CapturedSpan, b: CapturedSpan): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0
}
