/**
 * The first answer to "why was it slow, or wrong?": which services and spans the time went to, and the errors that
 * nothing below explains. Called by the trace page's overview.
 */
import type { TraceModel } from './trace-model.ts'

export interface TraceInsights {
  /** Failed spans without a failed descendant, in the order of the waterfall: where errors came from. */
  readonly origins: readonly number[]
  /** Spans by self time, longest first. */
  readonly slowest: readonly number[]
  /** Sum of all self times; more than the trace's length where spans ran at once. At least 1. */
  readonly totalSelf: number
}

export function traceInsights(model: TraceModel, most: number): TraceInsights {
  const origins = [...model.failedOrder.filter((span) => model.failedBelow[span] === 0)]
  const slowest: number[] = []
  let totalSelf = 0
  for (let span = 0; span < model.tree.count; span++) {
    const self = model.self[span]!
    totalSelf += self
    if (self === 0 || (slowest.length === most && self <= model.self[slowest.at(-1)!]!)) continue
    const at = slowest.findIndex((other) => model.self[other]! < self)
    slowest.splice(at === -1 ? slowest.length : at, 0, span)
    if (slowest.length > most) slowest.pop()
  }
  return { origins, slowest, totalSelf: Math.max(1, totalSelf) }
}
