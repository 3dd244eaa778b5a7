/** What the search page asks: its results page by page, the heatmap above them, the facets beside them, and what completes a query. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type {
  AttributeKeysResponse,
  AttributeValuesResponse,
  FacetsResponse,
  HeatmapResponse,
  SearchResponse,
} from 'rustok-lens/contract'
import { LATE_MS } from '../model/fresh-traces.ts'
import { rangeOf, type SearchState, searchQuery, withFields } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { fetchJson } from './client.ts'
import { address, queryClient } from './queries.ts'

/** What is on the screen stays there for a minute: what came meanwhile is announced (`freshOptions`). */
const STALE_MS = 60_000

function resultsQuery(state: SearchState) {
  return { ...searchQuery(state), ...(state.order === undefined ? {} : { order: state.order }) }
}

/** Of the first page, for whoever asks outside of the UI. */
export function resultsAddress(state: SearchState): string {
  return address('/api/lens/search', resultsQuery(state))
}

export function resultsOptions(state: SearchState) {
  const query = resultsQuery(state)
  return infiniteQueryOptions({
    queryKey: ['search', 'pages', resultsAddress(state)],
    queryFn: async ({ pageParam, signal }): Promise<SearchResponse & { readonly askedAt: number }> => {
      const askedAt = Date.now()
      const page = pageParam === '' ? {} : { cursor: pageParam }
      const response = await fetchJson<SearchResponse>(
        address('/api/lens/search', { ...query, ...page }),
        signal,
      )
      services.add(response.traces.flatMap((trace) => trace.services.map(({ name }) => name)))
      return { ...response, askedAt }
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    staleTime: STALE_MS,
    // Who comes back from a trace to a list read far down finds it as it was.
    refetchOnMount: (asked) => (asked.state.data?.pages.length ?? 0) < 2,
  })
}

/** Asks again what the page shows, from its first page on. */
export function searchAgain(state: SearchState): void {
  queryClient.setQueryData(resultsOptions(state).queryKey, (data) =>
    data === undefined ? data : { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) },
  )
  for (const kind of ['search', 'heatmap', 'facets', 'newest'])
    void queryClient.invalidateQueries({ queryKey: [kind] })
}

/** The newest since shortly before `askedAt`, every ten seconds while the tab is looked at. */
export function freshOptions(state: SearchState, askedAt: number) {
  const query = searchQuery(withFields(state, { lookback: undefined, limit: undefined }))
  const path = address('/api/lens/search', { ...query, start: askedAt - LATE_MS, limit: MOST_FRESH })
  return queryOptions({
    queryKey: ['fresh', path],
    queryFn: ({ signal }) => fetchJson<SearchResponse>(path, signal),
    refetchInterval: 10_000,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })
}

export const MOST_FRESH = 200

/** With the time that was asked for: the answer has but the cells that are not empty. */
export type AskedHeatmap = HeatmapResponse & {
  readonly range: { readonly start: number; readonly end: number }
}

export function heatmapOptions(state: SearchState) {
  const path = address('/api/lens/heatmap', filterOf(state))
  return queryOptions({
    queryKey: ['heatmap', path],
    queryFn: async ({ signal }): Promise<AskedHeatmap> => {
      const range = rangeOf(state, Date.now())
      return { ...(await fetchJson<HeatmapResponse>(path, signal)), range }
    },
    placeholderData: keepPreviousData,
    staleTime: STALE_MS,
  })
}

/** Of the usual fields without `fields`; else of those, as the query language names them. Each without its own filter, so that it can be changed. */
export function facetsOptions(state: SearchState, fields: readonly string[] = []) {
  const usual = address('/api/lens/facets', filterOf(state))
  const path =
    fields.length === 0
      ? usual
      : `${usual}${usual.includes('?') ? '&' : '?'}${new URLSearchParams({ fields: fields.join(',') })}`
  return queryOptions({
    queryKey: ['facets', path],
    queryFn: ({ signal }) => fetchJson<FacetsResponse>(path, signal),
    placeholderData: keepPreviousData,
    staleTime: STALE_MS,
  })
}

/** Keys of attributes of what the filters find; the query is left out, as it is being written. */
export function attributeKeysOptions(state: SearchState, prefix: string) {
  const path = withParameters('/api/lens/attribute-keys', withFields(state, { query: undefined }), { prefix })
  return queryOptions({
    queryKey: ['attribute-keys', path],
    queryFn: ({ signal }) => fetchJson<AttributeKeysResponse>(path, signal),
    placeholderData: keepPreviousData,
    staleTime: STALE_MS,
  })
}

export function attributeValuesOptions(state: SearchState, key: string, prefix: string) {
  const path = withParameters('/api/lens/attribute-values', withFields(state, { query: undefined }), {
    key,
    prefix,
  })
  return queryOptions({
    queryKey: ['attribute-values', path],
    queryFn: ({ signal }) => fetchJson<AttributeValuesResponse>(path, signal),
    staleTime: STALE_MS,
    retry: false,
  })
}

function filterOf(state: SearchState) {
  return searchQuery(withFields(state, { limit: undefined }))
}

function withParameters(route: string, state: SearchState, own: Readonly<Record<string, string>>): string {
  const path = address(route, filterOf(state))
  const params = new URLSearchParams(Object.entries(own).filter(([, value]) => value !== ''))
  return params.size === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${params}`
}
