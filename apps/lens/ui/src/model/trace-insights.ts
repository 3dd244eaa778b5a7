/**
 * The first answer to "why was it slow, or wrong?": which services and spans the time went to, and the errors that
 * nothing below explains. Called by the trace page's overview.
 */
import { errorText } from './error-text.ts'
import type { TraceModel } from './trace-model.ts'

export interface TraceInsights {
  /** Failures that nothing below explains, the same ones together, in the order of the waterfall. */
  readonly failures: readonly Failure[]
  /** Spans by self time, longest first. */
  readonly slowest: readonly number[]
  /** Sum of all self times; more than the trace's length where spans ran at once. At least 1. */
  readonly totalSelf: number
}

export interface Failure {
  readonly text: string
  /** Failed spans without a failed descendant, with this text, of one name and service. */
  readonly spans: readonly number[]
}

export function traceInsights(model: TraceModel, most: number): TraceInsights {
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
  return { failures: failuresOf(model), slowest, totalSelf: Math.max(1, totalSelf) }
}

function failuresOf(model: TraceModel): readonly Failure[] {
  const byKey = new Map<string, { text: string; spans: number[] }>()
  for (const span of model.failedOrder) {
    if (model.failedBelow[span] !== 0) continue
    const view = model.spans[span]!
    const text = errorText(view)
    const key = JSON.stringify([text, view.name, model.service[span]])
    const failure = byKey.get(key) ?? { text, spans: [] }
    failure.spans.push(span)
    byKey.set(key, failure)
  }
  return [...byKey.values()]
}
