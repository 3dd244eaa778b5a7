/**
 * The time that a page is about, which all pages share: it is in the address of each, and goes along from page to page. Absent: the
 * last hour. Called by the router, the links and the navigation.
 */
import { parseSearchState, type SearchState } from './search-state.ts'

export type TimeScope = Pick<SearchState, 'start' | 'end' | 'lookback'>

/** From the parts of a query string, or of any page's state. */
export function timeScope({ start, end, lookback }: Readonly<Record<string, unknown>>): TimeScope {
  return parseSearchState({ start, end, lookback })
}

/** An address of the time before there was a home: what filters belongs to the search. */
export function isSearch(state: SearchState): boolean {
  return Object.keys(state).some((field) => field !== 'start' && field !== 'end' && field !== 'lookback')
}

/** The period of the same length that ends where this one begins, in Unix milliseconds, both ends within it. */
export function periodBefore({ start, end }: Period): Period {
  return { start: Math.max(0, start - (end - start + 1)), end: Math.max(0, start - 1) }
}

export interface Period {
  readonly start: number
  readonly end: number
}
