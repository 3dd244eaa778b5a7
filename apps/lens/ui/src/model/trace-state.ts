/**
 * The state of the trace page in its address: the selected span, the zoom in nanoseconds since the trace's start, and which view of
 * the trace is shown of which spans. Called by the router.
 */
import { parseTableSort, type TableSort, tableSortText } from './span-groups.ts'

export const TRACE_VIEWS = ['waterfall', 'flame', 'table'] as const
export type TraceViewName = (typeof TRACE_VIEWS)[number]

export interface TraceState {
  /** A span's id. */
  readonly span?: string
  readonly from?: number
  readonly to?: number
  /** The waterfall when not said. */
  readonly view?: Exclude<TraceViewName, 'waterfall'>
  /** The table's rows: operations when not said. */
  readonly by?: 'service'
  /** The table's order, as tableSortText writes it. */
  readonly sort?: string
  /** Only spans of this one's operation: a span's key. */
  readonly like?: string
  /** Only spans of this service. */
  readonly service?: string
  /** Starts are moved to where the clocks of the hosts agree. */
  readonly clocks?: 'aligned'
}

export function parseTraceState(parts: Readonly<Record<string, unknown>>): TraceState {
  const state: { -readonly [key in keyof TraceState]: TraceState[key] } = {}
  if (isKey(parts.span)) state.span = parts.span
  const from = offsetOf(parts.from)
  const to = offsetOf(parts.to)
  if (from !== undefined && to !== undefined && from < to) {
    state.from = from
    state.to = to
  }
  if (parts.view === 'flame' || parts.view === 'table') state.view = parts.view
  if (parts.by === 'service') state.by = parts.by
  if (typeof parts.sort === 'string') {
    const sort = tableSortText(parseTableSort(parts.sort))
    if (sort !== undefined) state.sort = sort
  }
  if (isKey(parts.like)) state.like = parts.like
  else if (typeof parts.service === 'string') state.service = parts.service
  if (parts.clocks === 'aligned') state.clocks = parts.clocks
  return state
}

export function tableSort(state: TraceState): TableSort {
  return parseTableSort(state.sort ?? '')
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 80
}

function offsetOf(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  const nanos = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN
  return Number.isFinite(nanos) && nanos >= 0 ? Math.round(nanos) : undefined
}
