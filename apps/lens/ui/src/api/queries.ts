/**
 * What the pages ask, as options for the query cache: keys are the query strings themselves, so that equal questions are
 * asked once. Traces are turned into their model inside the cache, once per answer.
 */
import { QueryCache, QueryClient, queryOptions } from '@tanstack/react-query'
import type {
  LatencyResponse,
  SearchQuery,
  SearchResponse,
  SpanMatchesResponse,
  TraceLogsResponse,
  TraceResponse,
  WaterfallResponse,
} from 'rustok-lens/contract'
import { searchParams } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { type TraceModel, traceModel } from '../model/trace-model.ts'
import { ApiError, fetchJson } from './client.ts'
import { noteSessionEnd } from './session.ts'

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof ApiError && error.status === 401) noteSessionEnd(queryClient)
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // Lens may well be on this machine: that the browser is offline says nothing.
      networkMode: 'always',
      // The backend says what is wrong with a question; asking it again helps only when it was the network.
      retry: (failures, error) =>
        failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      retryDelay: 400,
    },
  },
})

export function address(route: string, query: SearchQuery): string {
  const params = searchParams(query).toString()
  return params === '' ? route : `${route}?${params}`
}

/** The newest trace of all times, asked when a range is empty: is the store empty too? */
export function newestTraceOptions(enabled: boolean) {
  return queryOptions({
    queryKey: ['newest'],
    queryFn: ({ signal }) =>
      fetchJson<SearchResponse>(`/api/lens/search?start=0&end=${Date.now() + 86_400_000}&limit=1`, signal),
    enabled,
    refetchInterval: 2000,
    staleTime: 0,
  })
}

export function traceOptions(traceId: string) {
  return queryOptions({
    queryKey: ['trace', traceId],
    queryFn: async ({ signal }): Promise<TraceModel> => {
      const model = traceModel(
        await fetchJson<WaterfallResponse>(
          `/api/lens/traces/${encodeURIComponent(traceId)}/waterfall`,
          signal,
        ),
      )
      services.add(model.services.map(({ name }) => name))
      return model
    },
    // A model of 100,000 spans is not to be compared field by field with the one before.
    structuralSharing: false,
    staleTime: 30_000,
  })
}

/** One span, whole, with its resource and scope. */
export function spanOptions(traceId: string, spanId: string) {
  return queryOptions({
    queryKey: ['span', traceId, spanId],
    queryFn: ({ signal }) =>
      fetchJson<TraceResponse>(
        `/api/lens/traces/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`,
        signal,
      ),
    staleTime: 300_000,
  })
}

/** Which spans of a trace hold the words. */
export function spanMatchesOptions(traceId: string, text: string) {
  const query = new URLSearchParams({ text }).toString()
  return queryOptions({
    queryKey: ['matches', traceId, text],
    queryFn: ({ signal }) =>
      fetchJson<SpanMatchesResponse>(
        `/api/lens/traces/${encodeURIComponent(traceId)}/matches?${query}`,
        signal,
      ),
    staleTime: 300_000,
  })
}

/** Durations of a service's spans of one operation. */
export function peersOptions(
  service: string,
  operation: string,
  range: { readonly start: number; readonly end: number },
) {
  const path = `${address('/api/lens/latency', { service, operation, ...range })}&of=spans`
  return queryOptions({
    queryKey: ['latency', path],
    queryFn: ({ signal }) => fetchJson<LatencyResponse>(path, signal),
    staleTime: 300_000,
  })
}

/** The first thousand log records of a trace. */
export function traceLogsOptions(traceId: string) {
  return queryOptions({
    queryKey: ['logs', traceId],
    queryFn: ({ signal }) =>
      fetchJson<TraceLogsResponse>(`/api/lens/traces/${encodeURIComponent(traceId)}/logs`, signal),
    staleTime: 60_000,
  })
}
