/** A span as its panel shows it and as it is copied: of an answer with all that was sent. */
import type { SpanView, TraceResponse } from 'rustok-lens/contract'
import type { TraceModel } from './trace-model.ts'

/** Ids need not be unique: of spans that share one, the one that starts when this one does. */
export function wholeSpan(
  { spans }: TraceResponse,
  { times }: TraceModel,
  span: number,
): SpanView | undefined {
  const start = String(times.originUnixNano + BigInt(Math.round(times.start[span]!)))
  return spans.find(({ startUnixNano }) => startUnixNano === start) ?? spans[0]
}

/** By itself, with its resource and scope in it. */
export function spanJson(of: TraceResponse, view: SpanView): string {
  const { resource, scope, ...rest } = view
  const whole = {
    traceId: of.traceId,
    ...rest,
    resource: of.resources[resource],
    scope: of.scopes[scope],
  }
  return JSON.stringify(whole, undefined, 2)
}
