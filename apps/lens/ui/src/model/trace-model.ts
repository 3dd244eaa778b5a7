/**
 * All that the trace page draws, derived once from the API's answer: times, tree, self times, services and errors, in
 * flat arrays indexed by span, filled by loops: `from` goes through an iterator. 100,000 spans take about a tenth of a second. Called by the trace page's query.
 */
import type { WaterfallResponse } from 'rustok-lens/contract'
import { clockShifts } from './clock-skew.ts'
import { type CriticalPath, criticalPath } from './critical-path.ts'
import { type Repetitions, repetitions } from './repetition.ts'
import { selfTimes } from './self-time.ts'
import { type SpanIds, spanIds } from './span-ids.ts'
import { readerOf, type SpanLine, spanLines } from './span-line.ts'
import { CYCLE, ORPHAN, type SpanTree, spanTree } from './span-tree.ts'
import { type TraceTimes, traceTimes } from './trace-times.ts'

export interface TraceModel {
  readonly traceId: string
  readonly spans: readonly SpanLine[]
  readonly ids: SpanIds
  readonly tree: SpanTree
  readonly times: TraceTimes
  /** By span, nanoseconds. */
  readonly self: Float64Array
  /** By span: 1 when its status is an error. */
  readonly failed: Uint8Array
  /** By position in preorder: the failed spans, for "next error". */
  readonly failedOrder: Int32Array
  /** By span: errors among its descendants; a collapsed row shows them. */
  readonly failedBelow: Int32Array
  /** By span: index in `services`. */
  readonly service: Uint16Array
  /** Most spans first. */
  readonly services: readonly ServiceShare[]
  readonly tenants: readonly string[]
  readonly users: readonly string[]
  /** By span: when its events were, in nanoseconds since the origin; of spans that have any. */
  readonly events: ReadonlyMap<number, readonly number[]>
  /** By a span's id: the spans of this trace that link to it. */
  readonly linkedFrom: ReadonlyMap<string, readonly number[]>
  /** Spans that lost something to a limit at their sender. */
  readonly dropped: ReadonlySet<number>
  /** The GraphQL operation near the root: "POST /graphql" says little, "mutation CreateOrder" all. */
  readonly operation: string | undefined
  /** The span that names the trace: the first root that has no parent, else the first span. -1 for no spans. */
  readonly root: number
  /** To the root's end. */
  readonly path: CriticalPath
  readonly repeated: Repetitions
  /** By span, nanoseconds that its times were moved so that clocks agree; undefined while all is as reported. */
  readonly shifts?: Float64Array
}

export interface ServiceShare {
  readonly name: string
  readonly spanCount: number
  readonly errorCount: number
  /** Nanoseconds of self time, over all of its spans. */
  readonly self: number
}

export function traceModel(response: WaterfallResponse): TraceModel {
  const spans = spanLines(response)
  const times = traceTimes(response.originUnixNano, response.starts, response.durations)
  const ids = spanIds(response)
  const tree = spanTree(ids.parents, ids.orphans(), times.start, times.duration)
  const self = selfTimes(tree, times.start, times.duration)
  const failed = new Uint8Array(spans.length)
  for (let span = 0; span < failed.length; span++) if (spans[span]!.failed) failed[span] = 1
  const { service, shares } = serviceShares(response, failed, self)
  const root = tree.roots.find((span) => (tree.marks[span]! & (ORPHAN | CYCLE)) === 0) ?? tree.roots[0] ?? -1
  const failedBelow = countBelow(tree, failed)
  return {
    traceId: response.traceId,
    spans,
    ids,
    tree,
    times,
    self,
    failed,
    failedOrder: tree.order.filter((span) => failed[span] === 1),
    failedBelow,
    service,
    services: shares,
    tenants: response.tenant.values.filter((value) => value !== ''),
    users: response.user.values.filter((value) => value !== ''),
    events: new Map(response.events.map(({ span, times: at }) => [span, at])),
    linkedFrom: linkedFrom(response),
    dropped: new Set(response.dropped),
    operation: operationNearRoot(response, tree),
    root,
    path: criticalPath(tree, times.start, times.duration, root),
    repeated: repetitions(
      tree,
      (span) => spans[span]!.name,
      service,
      times.duration,
      (span) => failed[span]! + failedBelow[span]!,
    ),
  }
}

/**
 * The same trace with clocks that agree: what another service reported is moved to where its calls fit. Times of the answer are those of the
 * first span's clock. The same model when there is nothing to move.
 */
export function withAlignedClocks(model: TraceModel): TraceModel {
  const { spans, ids, times, failed, failedBelow, service } = model
  const shifts = clockShifts(skewInput(model))
  if (shifts === undefined) return model
  const moved = times.start.map((start, span) => start + shifts[span]!)
  const earliest = moved.reduce((low, start) => Math.min(low, start), Number.POSITIVE_INFINITY)
  const start = moved.map((at) => at - earliest)
  const { duration } = times
  const length = start.reduce((end, at, span) => Math.max(end, at + duration[span]!), 1)
  const tree = spanTree(ids.parents, ids.orphans(), start, duration)
  const self = selfTimes(tree, start, duration)
  const selfOf = model.services.map(() => 0)
  self.forEach((nanos, span) => {
    selfOf[service[span]!]! += nanos
  })
  return {
    ...model,
    tree,
    times: {
      ...times,
      originUnixNano: times.originUnixNano + BigInt(Math.round(earliest)),
      start,
      length,
    },
    self,
    services: model.services.map((share, place) => ({ ...share, self: selfOf[place]! })),
    failedOrder: tree.order.filter((span) => failed[span] === 1),
    failedBelow: countBelow(tree, failed),
    events: new Map(
      [...model.events].map(([span, at]) => [span, at.map((time) => time + shifts[span]! - earliest)]),
    ),
    path: criticalPath(tree, start, duration, model.root),
    repeated: repetitions(
      tree,
      (span) => spans[span]!.name,
      service,
      duration,
      (span) => failed[span]! + failedBelow[span]!,
    ),
    shifts,
  }
}

export function skewInput({ tree, times, service, failed, spans }: TraceModel) {
  return { tree, times, service, failed, kindOf: (span: number) => spans[span]!.kind }
}

function linkedFrom({ links }: WaterfallResponse): ReadonlyMap<string, readonly number[]> {
  const from = new Map<string, number[]>()
  for (const { span, spanId } of links) {
    const known = from.get(spanId)
    if (known === undefined) from.set(spanId, [span])
    else if (known.at(-1) !== span) known.push(span)
  }
  return from
}

/** Spans looked at, from the top: the operation stands near the root. */
const REACH = 60

function operationNearRoot(response: WaterfallResponse, tree: SpanTree): string | undefined {
  const operation = readerOf(response.operation)
  for (const span of tree.order.subarray(0, REACH)) if (operation(span) !== '') return operation(span)
  return undefined
}

/** Duration since the origin at which the span ends. */
export function endOf(model: TraceModel, span: number): number {
  return model.times.start[span]! + model.times.duration[span]!
}

function serviceShares(
  { service: { values, index } }: WaterfallResponse,
  failed: Uint8Array,
  self: Float64Array,
) {
  const all = values.map((name) => ({ name, spanCount: 0, errorCount: 0, self: 0 }))
  const placeOf = (span: number) => (index.length === 0 ? 0 : index[span]!)
  for (let span = 0; span < self.length; span++) {
    const share = all[placeOf(span)]!
    share.spanCount++
    share.errorCount += failed[span]!
    share.self += self[span]!
  }
  const shares = all.toSorted((a, b) => b.spanCount - a.spanCount || (a.name < b.name ? -1 : 1))
  const places = new Map(shares.map((share, place) => [share, place]))
  const newPlaces = all.map((share) => places.get(share)!)
  const service = new Uint16Array(self.length)
  for (let span = 0; span < service.length; span++) service[span] = newPlaces[placeOf(span)]!
  return { service, shares }
}

function countBelow(tree: SpanTree, flags: Uint8Array): Int32Array {
  const below = new Int32Array(tree.count)
  for (let at = tree.count - 1; at >= 0; at--) {
    const span = tree.order[at]!
    const up = tree.parent[span]!
    if (up !== -1) below[up]! += below[span]! + flags[span]!
  }
  return below
}
