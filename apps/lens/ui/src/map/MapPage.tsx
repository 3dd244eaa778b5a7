/** Services, and what they call. */
import type { SearchState } from '../model/search-state.ts'

export function MapPage(_: { readonly state: SearchState }) {
  return <h1>Map</h1>
}
