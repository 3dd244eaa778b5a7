/**
 * Where the time of a trace went, from the outlines of its spans: time of its own per service, the critical path, the first failure, and
 * what is odd about it. Pure; `readAnatomy` reads the outlines.
 */

/** Times in nanoseconds, `start` after the trace's. */
export interface SpanOutline {
  readonly spanId: string
  /** Empty for a root. */
  readonly parentSpanId: string
  readonly service: string
  readonly name: string
  readonly start: number
  /** Negative when the span ended before it began. */
  readonly duration: number
  readonly failed: boolean
  readonly message: string
}

export interface TraceAnatomy {
  /** Time in which a span ran and none of its children did, summed over each service's spans; largest first. */
  readonly selfTimes: readonly { readonly service: string; readonly nanos: number }[]
  /** Earliest first: the stretches of spans that the end of the root waited for. Together they are as long as the root. */
  readonly criticalPath: readonly Stretch[]
  /** By start. Of failures in a chain, the deepest: where it began. */
  readonly firstFailure: SpanOutline | undefined
  readonly oddities: Oddities
}

export interface Stretch {
  readonly span: SpanOutline
  readonly start: number
  readonly duration: number
}

export interface Oddities {
  /** Parents that are not stored. */
  readonly missingParents: number
  /** Spans that begin before their parent of another service does, or after it has ended: clocks differ. */
  readonly skewed: number
  readonly endBeforeStart: number
  /** Spans that no root leads to, as they are below each other. */
  readonly inCycles: number
}

export function traceAnatomy(spans: readonly SpanOutline[]): TraceAnatomy {
  const tree = new Tree(spans)
  return {
    selfTimes: selfTimes(tree),
    criticalPath: tree.roots[0] === undefined ? [] : criticalPath(tree, tree.roots[0]),
    firstFailure: firstFailure(tree),
    oddities: oddities(tree),
  }
}

class Tree {
  readonly spans: readonly SpanOutline[]
  readonly byId: ReadonlyMap<string, SpanOutline>
  /** Without a parent, or without a stored one; the earliest of those without any first. */
  readonly roots: readonly SpanOutline[]
  readonly #children: ReadonlyMap<string, SpanOutline[]>

  constructor(spans: readonly SpanOutline[]) {
    this.spans = spans
    this.byId = new Map(spans.map((span) => [span.spanId, span]))
    this.#children = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId)
    this.roots = spans
      .filter(({ parentSpanId }) => !this.byId.has(parentSpanId))
      .sort((a, b) => Number(a.parentSpanId !== '') - Number(b.parentSpanId !== '') || a.start - b.start)
  }

  children({ spanId }: SpanOutline): readonly SpanOutline[] {
    return this.#children.get(spanId) ?? []
  }
}

function end({ start, duration }: SpanOutline): number {
  return start + Math.max(0, duration)
}

function selfTimes(tree: Tree): TraceAnatomy['selfTimes'] {
  const sums = new Map<string, number>()
  for (const span of tree.spans) {
    sums.set(span.service, (sums.get(span.service) ?? 0) + selfTime(span, tree.children(span)))
  }
  return [...sums]
    .map(([service, nanos]) => ({ service, nanos }))
    .sort((a, b) => b.nanos - a.nanos || (a.service < b.service ? -1 : 1))
}

function selfTime(span: SpanOutline, children: readonly SpanOutline[]): number {
  const until = end(span)
  let covered = 0
  let position = span.start
  for (const child of children.toSorted((a, b) => a.start - b.start)) {
    const from = Math.max(position, child.start)
    const to = Math.min(until, end(child))
    if (to <= from) continue
    covered += to - from
    position = to
  }
  return until - span.start - covered
}

/** Backwards from the root's end: what ends last before a moment is what was waited for. */
function criticalPath(tree: Tree, root: SpanOutline): readonly Stretch[] {
  const stretches: Stretch[] = []
  const add = (span: SpanOutline, start: number, until: number) => {
    if (until > start) stretches.push({ span, start, duration: until - start })
  }
  interface Frame {
    readonly span: SpanOutline
    /** Latest end first. */
    readonly children: SpanOutline[]
    readonly from: number
    until: number
  }
  const frame = (span: SpanOutline, from: number, until: number): Frame => ({
    span,
    children: tree.children(span).toSorted((a, b) => end(a) - end(b)),
    from,
    until,
  })
  const stack = [frame(root, root.start, end(root))]
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const child = top.children.pop()
    if (child === undefined) {
      add(top.span, top.from, top.until)
      stack.pop()
      continue
    }
    // A child that outlives what waited for it, as asynchronous work does, was not waited for.
    const until = end(child)
    const from = Math.max(child.start, top.from)
    if (until > top.until || until <= from) continue
    add(top.span, until, top.until)
    top.until = from
    stack.push(frame(child, from, until))
  }
  return stretches.sort((a, b) => a.start - b.start)
}

function firstFailure(tree: Tree): SpanOutline | undefined {
  const earliest = (spans: readonly SpanOutline[]) =>
    spans
      .filter(({ failed }) => failed)
      .reduce<SpanOutline | undefined>(
        (first, span) => (first === undefined || span.start < first.start ? span : first),
        undefined,
      )
  let failure = earliest(tree.spans)
  const seen = new Set<SpanOutline>()
  while (failure !== undefined && !seen.has(failure)) {
    seen.add(failure)
    failure = earliest(tree.children(failure)) ?? failure
  }
  return failure
}

function oddities(tree: Tree): Oddities {
  const missing = new Set<string>()
  let skewed = 0
  let endBeforeStart = 0
  for (const span of tree.spans) {
    if (span.duration < 0) endBeforeStart++
    const parent = tree.byId.get(span.parentSpanId)
    if (parent === undefined) {
      if (span.parentSpanId !== '') missing.add(span.parentSpanId)
    } else if (parent.service !== span.service && (span.start < parent.start || span.start > end(parent))) {
      skewed++
    }
  }
  const reached = new Set(tree.roots)
  for (const span of reached) for (const child of tree.children(span)) reached.add(child)
  return { missingParents: missing.size, skewed, endBeforeStart, inCycles: tree.spans.length - reached.size }
}
