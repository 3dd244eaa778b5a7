/** The question and when: the query, the time range, live or stored, and the searches that were kept. What else narrows is beside the results. */
import type { ApiError } from '../api/client.ts'
import type { SearchState } from '../model/search-state.ts'
import { Icon } from '../ui/Icon.tsx'
import type { ChangeSearch } from './change-search.ts'
import { filterCount } from './FacetPanel.tsx'
import { QueryField } from './QueryField.tsx'
import { SavedSearches } from './SavedSearches.tsx'
import { TimeRange } from './TimeRange.tsx'
import './SearchBar.css'

export interface SearchBarProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly mistake: ApiError | undefined
  readonly refresh: () => void
  readonly refreshing: boolean
  readonly unfolded: boolean
  readonly unfold: (unfolded: boolean) => void
  readonly now: number
}

export function SearchBar(props: SearchBarProps) {
  const { state, change, mistake, refresh, refreshing, unfolded, unfold, now } = props
  const filters = filterCount(state)
  const isLive = state.live !== undefined
  return (
    <search className="search-bar">
      <QueryField state={state} change={change} mistake={mistake} again={refresh} />
      <div className="search-bar-end">
        {!isLive && <TimeRange state={state} change={change} now={now} />}
        {!isLive && (
          <button
            type="button"
            className="button icon"
            aria-label="Search again"
            title="Search again (r)"
            data-busy={refreshing}
            onClick={refresh}
          >
            <Icon name="refresh" />
          </button>
        )}
        <button
          type="button"
          className="button search-live"
          aria-pressed={isLive}
          title={isLive ? 'Back to what is stored (l)' : 'Show what arrives (l)'}
          onClick={() => change({ live: isLive ? undefined : 'traces' })}
        >
          <i className="live-dot" data-on={isLive} />
          Live
        </button>
        <SavedSearches state={state} />
        <button
          type="button"
          className="button filter-fold"
          aria-expanded={unfolded}
          aria-controls="search-filters"
          onClick={() => unfold(!unfolded)}
        >
          <Icon name="filter" />
          {filters === 0 ? 'Filters' : `Filters (${filters})`}
        </button>
      </div>
    </search>
  )
}
