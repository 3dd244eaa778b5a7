/** What the map asks: nodes and calls of the traces that a search finds. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { MapResponse } from 'rustok-lens/contract'
import { type SearchState, searchQuery } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { fetchJson } from './client.ts'
import { address } from './queries.ts'

export function mapOptions(state: SearchState) {
  const { limit: _limit, ...query } = searchQuery(state)
  const path = address('/api/lens/map', query)
  return queryOptions({
    queryKey: ['map', path],
    queryFn: async ({ signal }) => {
      const map = await fetchJson<MapResponse>(path, signal)
      services.add(map.nodes.flatMap(({ kind, name }) => (kind === 'service' ? [name] : [])))
      return map
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
}
