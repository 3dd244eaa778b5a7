/**
 * What the home page and the pages of tenants and users ask: how it is now, and how it was in the period before, by the whole, by service, by
 * tenant and by user. The time is told as two ends, so that all parts of an answer are about the same.
 */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type {
  EndpointsResponse,
  HeatmapResponse,
  LatencyResponse,
  SearchQuery,
  SearchResponse,
  ServicesResponse,
  TenantsQuery,
  TenantsResponse,
  UsersQuery,
  UsersResponse,
} from 'rustok-lens/contract'
import type { Scope } from '../model/scope.ts'
import { rangeOf, type SearchState, searchQuery } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { naturalOrder, TENANTS_PAGE, type TenantsState } from '../model/tenants-state.ts'
import { type Period, periodBefore, type TimeScope, timeScope } from '../model/time-scope.ts'
import { fetchJson } from './client.ts'
import { address } from './queries.ts'

/** A time that goes along with the clock is asked for again, while the tab is looked at. */
const REFRESH_MS = 60_000

function usual(time: TimeScope) {
  return {
    staleTime: REFRESH_MS / 2,
    refetchInterval: time.start === undefined ? REFRESH_MS : (false as const),
    placeholderData: keepPreviousData,
  }
}

function periods(time: TimeScope): { readonly range: Period; readonly before: Period } {
  const { start, end } = rangeOf(time, Date.now())
  const range = { start: Math.floor(start), end: Math.floor(end) }
  return { range, before: periodBefore(range) }
}

export interface Overview {
  readonly range: Period
  readonly before: Period
  readonly now: LatencyResponse
  readonly then: LatencyResponse
  readonly heatmap: HeatmapResponse
}

/** All traces of the scope, each as long as its longest span that the scope is about. */
export function overviewOptions(scope: Scope, time: TimeScope) {
  return queryOptions({
    queryKey: ['overview', scope, timeScope({ ...time })],
    queryFn: async ({ signal }): Promise<Overview> => {
      const { range, before } = periods(time)
      const latency = (period: Period) =>
        fetchJson<LatencyResponse>(address('/api/lens/latency', { ...searchQuery(scope), ...period }), signal)
      const [now, then, heatmap] = await Promise.all([
        latency(range),
        latency(before),
        fetchJson<HeatmapResponse>(address('/api/lens/heatmap', { ...searchQuery(scope), ...range }), signal),
      ])
      return { range, before, now, then, heatmap }
    },
    ...usual(time),
  })
}

export interface ServiceChanges {
  readonly range: Period
  readonly before: Period
  readonly now: ServicesResponse
  readonly then: ServicesResponse
}

const MOST_SERVICES = 300

/** Services, or their operations, and what they were in the period before. */
export function servicesOptions(
  time: TimeScope,
  question: { readonly tenant?: string; readonly by?: 'operation' } = {},
) {
  return queryOptions({
    queryKey: ['services', question, timeScope({ ...time })],
    queryFn: async ({ signal }): Promise<ServiceChanges> => {
      const { range, before } = periods(time)
      const ask = (period: Period) =>
        fetchJson<ServicesResponse>(
          withParameters('/api/lens/services', { ...question, ...period, limit: MOST_SERVICES }),
          signal,
        )
      const [now, then] = await Promise.all([ask(range), ask(before)])
      services.add(now.services.map(({ service }) => service))
      return { range, before, now, then }
    },
    ...usual(time),
  })
}

const MOST_TENANTS = 300

/** The tenants with the most requests. */
export function topTenantsOptions(time: TimeScope) {
  return queryOptions({
    queryKey: ['tenants', 'top', timeScope({ ...time })],
    queryFn: ({ signal }) => tenants({ ...periods(time).range, limit: MOST_TENANTS }, signal),
    ...usual(time),
  })
}

/** A page of the list. */
export function tenantsOptions(state: TenantsState) {
  const { page = 1, sort = 'requests', order = naturalOrder(sort), contains } = state
  const offset = (page - 1) * TENANTS_PAGE
  return queryOptions({
    queryKey: ['tenants', state],
    queryFn: ({ signal }) =>
      tenants(
        {
          ...periods(state).range,
          ...(contains === undefined ? {} : { contains }),
          sort,
          order,
          limit: TENANTS_PAGE,
          ...(offset === 0 ? {} : { offset }),
        },
        signal,
      ),
    ...usual(state),
  })
}

function tenants(query: TenantsQuery, signal: AbortSignal): Promise<TenantsResponse> {
  return fetchJson<TenantsResponse>(withParameters('/api/lens/tenants', query), signal)
}

export type UserSort = 'requests' | 'withErrors' | 'p95'

/** Of a tenant ('': of what has none), the first by `sort`. */
export function usersOptions(tenant: string, time: TimeScope, sort: UserSort, limit: number) {
  return queryOptions({
    queryKey: ['users', tenant, sort, limit, timeScope({ ...time })],
    queryFn: ({ signal }) => {
      const query: UsersQuery = {
        ...periods(time).range,
        ...(tenant === '' ? { noTenant: 'true' } : { tenant }),
        sort,
        limit,
      }
      return fetchJson<UsersResponse>(withParameters('/api/lens/users', query), signal)
    },
    ...usual(time),
  })
}

/** The first few traces of a search. */
export function fewTracesOptions(state: SearchState, limit: number) {
  const query: SearchQuery = {
    ...searchQuery(state),
    limit,
    ...(state.order === undefined ? {} : { order: state.order }),
  }
  const path = address('/api/lens/search', query)
  return queryOptions({
    queryKey: ['search', 'few', path],
    queryFn: async ({ signal }) => {
      const response = await fetchJson<SearchResponse>(path, signal)
      services.add(response.traces.flatMap((trace) => trace.services.map(({ name }) => name)))
      return response
    },
    ...usual(state),
  })
}

export const endpointsOptions = queryOptions({
  queryKey: ['endpoints'],
  queryFn: ({ signal }) => fetchJson<EndpointsResponse>('/api/lens/endpoints', signal),
  staleTime: Number.POSITIVE_INFINITY,
})

function withParameters(route: string, query: TenantsQuery | UsersQuery | Record<string, unknown>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value))
  return `${route}?${params}`
}
