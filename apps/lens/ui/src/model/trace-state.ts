/**
 * The state of the trace page in its address: the selected span, and the zoom in nanoseconds since the trace's start.
 * Called by the router.
 */
export interface TraceState {
  /** A span's key: see spanKey. */
  readonly span?: string
  readonly from?: number
  readonly to?: number
}

export function parseTraceState(parts: Readonly<Record<string, unknown>>): TraceState {
  const state: { -readonly [key in keyof TraceState]: TraceState[key] } = {}
  if (typeof parts.span === 'string' && parts.span !== '' && parts.span.length <= 80) state.span = parts.span
  const from = offsetOf(parts.from)
  const to = offsetOf(parts.to)
  if (from !== undefined && to !== undefined && from < to) {
    state.from = from
    state.to = to
  }
  return state
}

function offsetOf(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  const nanos = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN
  return Number.isFinite(nanos) && nanos >= 0 ? Math.round(nanos) : undefined
}
