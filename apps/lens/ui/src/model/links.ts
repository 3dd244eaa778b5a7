/**
 * Where the pages are, so that nobody writes an address by hand: each function gives the properties of a `<Link>` or the argument of
 * `navigate`. A state that a page can be in is in its address.
 */
import { nameInPath } from './name-in-path.ts'
import type { SearchState } from './search-state.ts'
import type { TenantsState } from './tenants-state.ts'
import { type TimeScope, timeScope } from './time-scope.ts'
import { type Split, whyState } from './why-state.ts'

export function homeLink(time: TimeScope) {
  return { to: '/', search: timeScope({ ...time }) } as const
}

export function searchLink(search: SearchState) {
  return { to: '/search', search } as const
}

/** `span` is a span's id. */
export function traceLink(traceId: string, span?: string) {
  return { to: '/trace/$traceId', params: { traceId }, search: span === undefined ? {} : { span } } as const
}

/** What do the selected ones of a search have that the others do not? */
export function whyLink(search: SearchState, split?: Split) {
  return { to: '/why', search: whyState(search, split) } as const
}

/** Two traces side by side. */
export function diffLink(a: string, b: string) {
  return { to: '/diff/$a/$b', params: { a, b } } as const
}

/** Which trace to put beside this one. */
export function diffWithLink(a: string) {
  return { to: '/diff/$a', params: { a } } as const
}

/** What the traces of a search went through. */
export function mapLink(search: SearchState) {
  return { to: '/map', search } as const
}

export function tenantsLink(state: TenantsState) {
  return { to: '/tenants', search: state } as const
}

/** '' is what has no tenant. */
export function tenantLink(tenant: string, time: TimeScope) {
  return {
    to: '/tenants/$tenant',
    params: { tenant: nameInPath(tenant) },
    search: timeScope({ ...time }),
  } as const
}

export function userLink(tenant: string, user: string, time: TimeScope) {
  return {
    to: '/tenants/$tenant/users/$user',
    params: { tenant: nameInPath(tenant), user: nameInPath(user) },
    search: timeScope({ ...time }),
  } as const
}
