/**
 * What a page of statistics is about, as the search that finds the traces behind its numbers. A request's own span is its root, or, where
 * a service is called by another, the span of kind server or consumer. Called by the home page and the pages of tenants and users.
 */
import { exactDuration } from './duration.ts'
import { withCondition } from './query-text.ts'
import { parseSearchState, type SearchState } from './search-state.ts'

export type Scope = Pick<SearchState, 'tenant' | 'user' | 'service' | 'operation' | 'query'>

/** '' is what has no tenant. */
export function tenantScope(tenant: string): Scope {
  return tenant === '' ? { query: 'not has(tenant)' } : { tenant }
}

export function userScope(tenant: string, user: string): Scope {
  const scope = tenantScope(tenant)
  return user === '' ? narrowed(scope, 'not has(user)') : { ...scope, user }
}

/** A service's calls, as GET /api/lens/services counts them. */
export const CALLS = '(kind = server or kind = consumer or root = true)'
/** A request's entry, as GET /api/lens/tenants counts it, where the trace is whole. */
export const REQUESTS = 'root = true'

/** The scope's traces in which one and the same span also matches the condition. */
export function narrowed(scope: Scope, condition: string): Scope {
  return { ...scope, query: withCondition(scope.query, condition) }
}

/** Those that failed. */
export function failedOf(scope: SearchState): SearchState {
  return { ...scope, status: 'error' }
}

/** Those of at least so many nanoseconds, the longest first. */
export function slowOf(scope: SearchState, nanos: number | null | undefined): SearchState {
  const shortest = nanos === null || nanos === undefined ? {} : { minDuration: exactDuration(nanos) }
  return parseSearchState({ ...scope, ...shortest, order: 'longest' })
}
