/**
 * The state of the search page: the query string of GET /api/lens/search, and a few fields of the page's own (`live`, `rate`, `within`), so
 * that the page's address, the API's and a colleague's link are one and the same. What a user mistyped stays in the address and is named
 * as a problem; it is never dropped in silence. Called by the router, the search page and the queries.
 */
import type { SearchQuery, TraceOrder } from 'rustok-lens/contract'
import { canonicalDuration, formatDuration, parseDuration } from './duration.ts'
import { formatTime } from './time.ts'

/** Absent means "any". Durations are as typed. */
export interface SearchState {
  readonly tenant?: string
  readonly user?: string
  readonly service?: string
  readonly operation?: string
  readonly status?: 'error' | 'ok'
  readonly minDuration?: string
  readonly maxDuration?: string
  readonly text?: string
  /** In the query language. */
  readonly query?: string
  readonly start?: number
  readonly end?: number
  readonly lookback?: string
  readonly limit?: number
  /** Absent: newest first. */
  readonly order?: Exclude<TraceOrder, 'newest'>
  /** Shows what arrives instead of what is stored. */
  readonly live?: 'traces' | 'spans'
  /** Of the live tail: at most so many a second. */
  readonly rate?: number
  /** What the rectangle was brushed in, as `formatWithin` writes it. */
  readonly within?: string
}

export const LOOKBACKS = [
  { value: '15m', label: 'Last 15 min' },
  { value: '1h', label: 'Last 1 h' },
  { value: '6h', label: 'Last 6 h' },
  { value: '24h', label: 'Last 24 h' },
  { value: '7d', label: 'Last 7 d' },
] as const

export const DEFAULT_LOOKBACK = '1h'
export const PAGE_SIZE = 50
const MAX_LIMIT = 1000
export const ORDERS = ['newest', 'longest', 'errors', 'spans'] as const satisfies readonly TraceOrder[]
export const DEFAULT_RATE = 20
const MAX_RATE = 100

const TEXT_FIELDS = [
  'tenant',
  'service',
  'operation',
  'user',
  'minDuration',
  'maxDuration',
  'text',
  'query',
] as const

/** From the parts of a query string; unknown parts and unusable numbers are left out. */
export function parseSearchState(parts: Readonly<Record<string, unknown>>): SearchState {
  const state: { -readonly [key in keyof SearchState]: SearchState[key] } = {}
  for (const field of TEXT_FIELDS) {
    const value = textOf(parts[field])
    if (value !== undefined) state[field] = value
  }
  if (parts.status === 'error' || parts.status === 'ok') state.status = parts.status
  const start = timeOf(parts.start)
  const end = timeOf(parts.end)
  if (start !== undefined && end !== undefined && start < end) {
    state.start = start
    state.end = end
  } else {
    const lookback = textOf(parts.lookback)
    if (lookback !== undefined && isLookback(lookback) && lookback !== DEFAULT_LOOKBACK)
      state.lookback = lookback
  }
  const limit = Number(textOf(parts.limit) ?? Number.NaN)
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT && limit !== PAGE_SIZE) state.limit = limit
  if (parts.order === 'longest' || parts.order === 'errors' || parts.order === 'spans')
    state.order = parts.order
  if (parts.live === 'traces' || parts.live === 'spans') {
    state.live = parts.live
    const rate = Number(textOf(parts.rate) ?? Number.NaN)
    if (Number.isInteger(rate) && rate >= 1 && rate <= MAX_RATE && rate !== DEFAULT_RATE) state.rate = rate
  }
  const within = textOf(parts.within)
  if (within !== undefined && state.start !== undefined && parseWithin(within) !== undefined)
    state.within = within
  return state
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

function timeOf(value: unknown): number | undefined {
  const millis = Number(textOf(value) ?? Number.NaN)
  return Number.isInteger(millis) && millis >= 0 && millis <= 8.64e15 ? millis : undefined
}

/** As the API reads it: `15m`, `6h`, `2d`. */
export function isLookback(text: string): boolean {
  return /^\d{1,6}[smhd]$/.test(text)
}

/** In one fixed order, so that the same state always has the same address. */
const ADDRESS_ORDER = [
  'tenant',
  'service',
  'operation',
  'user',
  'status',
  'minDuration',
  'maxDuration',
  'text',
  'query',
  'lookback',
  'start',
  'end',
  'limit',
  'order',
  'live',
  'rate',
  'within',
  'cursor',
] as const satisfies readonly (keyof SearchState | keyof SearchQuery)[]

export function searchParams(state: SearchState | SearchQuery): URLSearchParams {
  const fields = state as SearchState & SearchQuery
  const params = new URLSearchParams()
  for (const field of ADDRESS_ORDER) {
    const value = fields[field]
    if (value !== undefined && value !== '') params.set(field, String(value))
  }
  return params
}

/** A range of time, and of durations as typed, that a search was narrowed from. */
export interface Within {
  readonly start: number
  readonly end: number
  readonly minDuration: string | undefined
  readonly maxDuration: string | undefined
}

/** `start-end`, and if there were limits on the duration, `~shortest~longest`. */
export function formatWithin({ start, end, minDuration, maxDuration }: Within): string {
  const durations =
    minDuration === undefined && maxDuration === undefined ? '' : `~${minDuration ?? ''}~${maxDuration ?? ''}`
  return `${start}-${end}${durations}`
}

export function parseWithin(text: string): Within | undefined {
  const match = /^(\d{1,16})-(\d{1,16})(?:~([^~]*)~([^~]*))?$/.exec(text)
  const start = timeOf(match?.[1])
  const end = timeOf(match?.[2])
  if (start === undefined || end === undefined || start >= end) return undefined
  return { start, end, minDuration: textOf(match?.[3]), maxDuration: textOf(match?.[4]) }
}

type TimeRange = Pick<SearchState, 'start' | 'end' | 'lookback'>

/** The time that a search is about, in Unix milliseconds. */
export function rangeOf(state: TimeRange, now: number): { readonly start: number; readonly end: number } {
  if (state.start !== undefined && state.end !== undefined) return { start: state.start, end: state.end }
  const length = (parseLookback(state.lookback ?? DEFAULT_LOOKBACK) ?? 3600) * 1000
  return { start: Math.max(0, now - length), end: now }
}

/** In seconds. */
function parseLookback(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text)
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? '']
  return factor === undefined ? undefined : Number(match![1]) * factor
}

export interface FieldProblem {
  readonly field: 'minDuration' | 'maxDuration'
  readonly message: string
}

/** What stands in the way of asking the server. */
export function problemsOf(state: SearchState): readonly FieldProblem[] {
  const problems: FieldProblem[] = []
  for (const field of ['minDuration', 'maxDuration'] as const) {
    const text = state[field]
    if (text !== undefined && parseDuration(text) === undefined) {
      problems.push({ field, message: 'Write a number with a unit: 250us, 150ms, 1.5s, 2m' })
    }
  }
  const low = parseDuration(state.minDuration ?? '')
  const high = parseDuration(state.maxDuration ?? '')
  if (low !== undefined && high !== undefined && low > high) {
    problems.push({ field: 'maxDuration', message: 'The longest duration is below the shortest' })
  }
  return problems
}

/** For every route of the API that takes a search: which traces, with durations in its notation. */
export function searchQuery(state: SearchState): SearchQuery {
  const {
    minDuration,
    maxDuration,
    order: _order,
    live: _live,
    rate: _rate,
    within: _within,
    ...rest
  } = state
  const low = minDuration === undefined ? undefined : canonicalDuration(minDuration)
  const high = maxDuration === undefined ? undefined : canonicalDuration(maxDuration)
  return {
    ...rest,
    ...(low === undefined ? {} : { minDuration: low }),
    ...(high === undefined ? {} : { maxDuration: high }),
  }
}

/** The state with some fields set or, where undefined, taken away. A change of the question starts at its first page. */
export function withFields(
  state: SearchState,
  change: { readonly [key in keyof SearchState]?: SearchState[key] | undefined },
): SearchState {
  const next: Record<string, unknown> = { ...state, ...change }
  if (!('limit' in change)) delete next.limit
  if (change.lookback !== undefined) {
    delete next.start
    delete next.end
  }
  // What was brushed in another time says nothing about this one.
  if (!('within' in change) && ('lookback' in change || 'start' in change || 'end' in change))
    delete next.within
  return parseSearchState(next)
}

/** What narrows the search besides the time, in words. */
export interface ActiveFilter {
  readonly fields: readonly (keyof SearchState)[]
  readonly name: string
  readonly value: string
}

export function activeFilters(state: SearchState): readonly ActiveFilter[] {
  const filters: ActiveFilter[] = []
  const add = (field: keyof SearchState, name: string, value: string | undefined) => {
    if (value !== undefined) filters.push({ fields: [field], name, value })
  }
  add('tenant', 'Tenant', state.tenant)
  add('service', 'Service', state.service)
  add('operation', 'Operation', state.operation)
  add('user', 'User', state.user)
  add(
    'status',
    'Status',
    state.status === 'error' ? 'with errors' : state.status === 'ok' ? 'without errors' : undefined,
  )
  add('minDuration', 'At least', spoken(state.minDuration))
  add('maxDuration', 'At most', spoken(state.maxDuration))
  add('text', 'Text', state.text)
  add('query', 'Query', state.query)
  return filters
}

function spoken(duration: string | undefined): string | undefined {
  if (duration === undefined) return undefined
  const nanos = parseDuration(duration)
  return nanos === undefined ? duration : formatDuration(nanos)
}

export function withoutFilters(state: SearchState): SearchState {
  const { start, end, lookback } = state
  return parseSearchState({ start, end, lookback })
}

export function describeRange(state: TimeRange, now: number): string {
  if (state.start !== undefined && state.end !== undefined) {
    // Milliseconds matter where there are but a few seconds; else the last one of a second, which is in the range, reads as the next.
    const isShort = state.end - state.start < 10_000
    const end = isShort ? state.end : Math.ceil(state.end / 1000) * 1000
    const text = `${formatTime(state.start, now)} – ${formatTime(end, now)}`
    return isShort ? text.replaceAll('.000', '') : text.replaceAll(/\.\d{3}/g, '')
  }
  const lookback = state.lookback ?? DEFAULT_LOOKBACK
  return LOOKBACKS.find((known) => known.value === lookback)?.label ?? `Last ${lookback}`
}

/** `the last 1 h`, for sentences. */
export function rangeInWords(state: TimeRange): string {
  if (state.start !== undefined) return 'this time range'
  return `the last ${describeRange(state, 0).replace(/^Last /, '')}`
}

/** The shortest of the offered lookbacks that reaches `millis` and will for as long again as half its age; a range around it when none does. */
export function rangeReaching(millis: number, now: number): SearchState {
  const age = now - millis
  const reach = LOOKBACKS.find(({ value }) => age < ((parseDuration(value) ?? 0) / 1e6) * (2 / 3))
  if (reach !== undefined) return parseSearchState({ lookback: reach.value })
  const day = 86_400_000
  return parseSearchState({
    start: Math.max(0, Math.floor(millis - day / 2)),
    end: Math.ceil(millis + day / 2),
  })
}
