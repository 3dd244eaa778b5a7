/** What the page Why? asks: the values that the selected traces of a search have more often than the rest. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { CompareResponse, LatencyResponse } from 'rustok-lens/contract'
import { canonicalDuration } from '../model/duration.ts'
import { withCondition } from '../model/query-text.ts'
import { type SearchState, searchParams, searchQuery } from '../model/search-state.ts'
import type { WhyState } from '../model/why-state.ts'
import { fetchJson } from './client.ts'
import { address } from './queries.ts'

export function compareOptions(state: WhyState) {
  const filter = filterOf(state)
  const { where } = state
  const isFilter = state.split === 'filter' && where !== undefined
  const selected = isFilter ? { ...filter, query: withCondition(filter.query, where) } : filter
  const params = searchParams(searchQuery(selected))
  params.set('split', state.split ?? 'error')
  const duration = (name: string, text: string | undefined) => {
    const canonical = text === undefined ? undefined : canonicalDuration(text)
    if (canonical !== undefined) params.set(name, canonical)
  }
  // The others are those of the search without the condition.
  if (isFilter) params.set('other.query', filter.query ?? '')
  if (state.split === 'duration') duration('threshold', state.threshold)
  if (state.split === 'selection') {
    params.set('selectStart', String(state.selectStart))
    params.set('selectEnd', String(state.selectEnd))
    duration('selectMinDuration', state.selectMinDuration)
    duration('selectMaxDuration', state.selectMaxDuration)
  }
  const path = `/api/lens/compare?${params}`
  return queryOptions({
    queryKey: ['compare', path],
    queryFn: ({ signal }) => fetchJson<CompareResponse>(path, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
}

/** Durations of what is compared: where a threshold makes sense. */
export function durationsOptions(state: SearchState) {
  const path = address('/api/lens/latency', searchQuery(state))
  return queryOptions({
    queryKey: ['latency', 'traces', path],
    queryFn: ({ signal }) => fetchJson<LatencyResponse>(path, signal),
    staleTime: 60_000,
  })
}

/** The search alone. */
export function filterOf(state: WhyState): SearchState {
  const {
    split: _split,
    threshold: _threshold,
    where: _where,
    selectStart: _start,
    selectEnd: _end,
    selectMinDuration: _min,
    selectMaxDuration: _max,
    ...filter
  } = state
  return filter
}
