/** Traces that one would compare a trace with: those that began with the same operation, around the same time. */
import { queryOptions } from '@tanstack/react-query'
import type { SearchResponse, TraceSummary } from 'rustok-lens/contract'
import { equals, withCondition } from '../model/query-text.ts'
import type { SearchState } from '../model/search-state.ts'
import { searchQuery } from '../model/search-state.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { fetchJson } from './client.ts'
import { address } from './queries.ts'

const HALF_HOUR_MS = 1_800_000
/** The newest of them: enough to know what is usual. */
const LOOKED_AT = 200

/** Whose root span is of the same service and name, half an hour before and after. */
export function similarSearch(model: TraceModel): SearchState {
  const root = model.spans[model.root]!
  const service = model.services[model.service[model.root]!]!.name
  const start = Number(model.times.originUnixNano / 1_000_000n)
  const query = withCondition(
    withCondition('root = true', equals('service', service)),
    equals('name', root.name),
  )
  return { query, start: Math.max(0, start - HALF_HOUR_MS), end: start + HALF_HOUR_MS }
}

/** Shortest first, without the trace itself. */
export function similarOptions(model: TraceModel) {
  const path = address('/api/lens/search', { ...searchQuery(similarSearch(model)), limit: LOOKED_AT })
  return queryOptions({
    queryKey: ['similar', path, model.traceId],
    queryFn: async ({ signal }): Promise<readonly TraceSummary[]> => {
      const { traces } = await fetchJson<SearchResponse>(path, signal)
      return traces
        .filter(({ traceId }) => traceId !== model.traceId)
        .toSorted((one, other) => one.durationNano - other.durationNano)
    },
    staleTime: 60_000,
  })
}
