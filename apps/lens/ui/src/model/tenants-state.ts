/** The state of the list of tenants: the query string of GET /api/lens/tenants, with `page` instead of an offset. Called by the router and the page. */
import type { TenantsSort } from 'rustok-lens/contract'
import { type TimeScope, timeScope } from './time-scope.ts'

export interface TenantsState extends TimeScope {
  readonly contains?: string
  /** Absent: `requests`. */
  readonly sort?: TenantsSort
  /** Absent: largest first, and names from A. */
  readonly order?: 'asc' | 'desc'
  /** From 2; absent: the first. */
  readonly page?: number
}

export const TENANTS_PAGE = 50

const SORTS = [
  'tenant',
  'requests',
  'withErrors',
  'p50',
  'p95',
  'p99',
  'users',
  'last',
  'requestsChange',
  'p95Change',
] as const satisfies readonly TenantsSort[]

/** From the parts of a query string; what is not known is left out. */
export function parseTenantsState(parts: Readonly<Record<string, unknown>>): TenantsState {
  const sort = SORTS.find((name) => name === parts.sort)
  const page = Number(parts.page)
  const contains = typeof parts.contains === 'string' ? parts.contains.slice(0, 1024) : ''
  return {
    ...timeScope(parts),
    ...(contains.trim() === '' ? {} : { contains }),
    ...(sort === undefined || sort === 'requests' ? {} : { sort }),
    ...(parts.order === naturalOrder(sort ?? 'requests') || (parts.order !== 'asc' && parts.order !== 'desc')
      ? {}
      : { order: parts.order }),
    ...(Number.isInteger(page) && page >= 2 && page <= 20_000 ? { page } : {}),
  }
}

/** The order that a column is sorted by at first. */
export function naturalOrder(sort: TenantsSort): 'asc' | 'desc' {
  return sort === 'tenant' ? 'asc' : 'desc'
}

/** A click on a column's head: by it; on the one that it is sorted by, the other way round. From the first page on. */
export function sortedBy(state: TenantsState, sort: TenantsSort): TenantsState {
  const current = state.sort ?? 'requests'
  const order = state.order ?? naturalOrder(current)
  const turned = current === sort ? (order === 'asc' ? 'desc' : 'asc') : naturalOrder(sort)
  const { page: _page, ...rest } = state
  return parseTenantsState({ ...rest, sort, order: turned })
}
