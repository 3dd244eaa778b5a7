/**
 * All that the trace page draws, derived once from the API's answer: times, tree, self times, services and errors, in
 * flat arrays indexed by span. 100,000 spans take about a tenth of a second. Called by the trace page's query.
 */
import type { SpanView, TraceResponse } from 'rustok-lens/contract'
import { selfTimes } from './self-time.ts'
import { CYCLE, ORPHAN, type SpanTree, spanTree } from './span-tree.ts'
import { type TraceTimes, traceTimes } from './trace-times.ts'

export interface TraceModel {
  readonly traceId: string
  readonly response: TraceResponse
  readonly spans: readonly SpanView[]
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
  /** The span that names the trace: the first root that has no parent, else the first span. -1 for no spans. */
  readonly root: number
}

export interface ServiceShare {
  readonly name: string
  readonly spanCount: number
  readonly errorCount: number
  /** Nanoseconds of self time, over all of its spans. */
  readonly self: number
}

export function traceModel(response: TraceResponse): TraceModel {
  const { spans } = response
  const times = traceTimes(spans)
  const tree = spanTree(spans, times.start, times.duration)
  const self = selfTimes(tree, times.start, times.duration)
  const failed = Uint8Array.from(spans, (span) => (span.status === 'error' ? 1 : 0))
  const { service, shares } = serviceShares(response, failed, self)
  return {
    traceId: response.traceId,
    response,
    spans,
    tree,
    times,
    self,
    failed,
    failedOrder: tree.order.filter((span) => failed[span] === 1),
    failedBelow: countBelow(tree, failed),
    service,
    services: shares,
    tenants: distinct(spans, (span) => span.tenant),
    users: distinct(spans, (span) => span.user),
    root: tree.roots.find((span) => (tree.marks[span]! & (ORPHAN | CYCLE)) === 0) ?? tree.roots[0] ?? -1,
  }
}

function serviceOf(response: TraceResponse, span: SpanView): string {
  return response.resources[span.resource]?.service ?? ''
}

/** Duration since the origin at which the span ends. */
export function endOf(model: TraceModel, span: number): number {
  return model.times.start[span]! + model.times.duration[span]!
}

function serviceShares(response: TraceResponse, failed: Uint8Array, self: Float64Array) {
  const byName = new Map<string, { name: string; spanCount: number; errorCount: number; self: number }>()
  response.spans.forEach((span, index) => {
    const name = serviceOf(response, span)
    const share = byName.get(name) ?? { name, spanCount: 0, errorCount: 0, self: 0 }
    byName.set(name, share)
    share.spanCount++
    share.errorCount += failed[index]!
    share.self += self[index]!
  })
  const shares = [...byName.values()].sort((a, b) => b.spanCount - a.spanCount || (a.name < b.name ? -1 : 1))
  const indexes = new Map(shares.map((share, index) => [share.name, index]))
  const service = Uint16Array.from(response.spans, (span) => indexes.get(serviceOf(response, span))!)
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

function distinct(spans: readonly SpanView[], pick: (span: SpanView) => string): readonly string[] {
  return [...new Set(spans.map(pick))].filter((value) => value !== '')
}
