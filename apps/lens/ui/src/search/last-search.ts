/** The search that the user came from, so that "All traces" on a trace leads back to it. Lasts as long as the page. */
import type { SearchState } from '../model/search-state.ts'

let last: SearchState = {}

export function rememberSearch(state: SearchState): void {
  last = state
}

export function lastSearch(): SearchState {
  return last
}
