/** How the parts of the search page ask for another search: by the fields that change. The page has the address, and they have this. */
import type { withFields } from '../model/search-state.ts'

export type ChangeSearch = (
  change: Parameters<typeof withFields>[1],
  options?: { readonly replace?: boolean },
) => void
