/**
 * What of a trace is shown at first. Work that goes on after the answer, as retries and queues do, may take a hundred times what the request took, which
 * would then be a few pixels wide: such a trace opens with its request, and the rest is one key away. Called by the trace page.
 */
import { formatDuration } from './duration.ts'
import type { TimeView } from './timeline.ts'
import { endOf, type TraceModel } from './trace-model.ts'

/** Above this share of the whole, a request is readable beside the rest. */
const READABLE = 0.25
/** Of the request's time, so that its end is seen to be one, and how long it was beside it. */
const MARGIN = 0.12

/** Undefined for the whole. */
export function openingView(model: TraceModel): TimeView | undefined {
  const { times, root } = model
  const start = times.start[root]!
  const end = endOf(model, root)
  if (times.unusable[root] === 1 || end <= start || end - start > READABLE * times.length) return undefined
  const lasted = `${formatDuration(end - start)} of ${formatDuration(times.length)}`
  return {
    start: Math.max(0, start - (end - start) * MARGIN),
    end: Math.min(times.length, end + (end - start) * MARGIN),
    name: model.spans[root]!.kind === 'server' ? `Until the answer: ${lasted}` : `The root span: ${lasted}`,
  }
}
