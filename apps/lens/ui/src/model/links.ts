/**
 * Where the pages are, so that nobody writes an address by hand: each function gives the properties of a `<Link>` or the argument of
 * `navigate`. A state that a page can be in is in its address.
 */
import type { SearchState } from './search-state.ts'

export function searchLink(search: SearchState) {
  return { to: '/search', search } as const
}

/** `span` is a span's key within the trace (`span-key.ts`). */
export function traceLink(traceId: string, span?: string) {
  return { to: '/trace/$traceId', params: { traceId }, search: span === undefined ? {} : { span } } as const
}
