/** Which requests were there, of which customer, and which of them stand out: stored ones, or those that arrive. Its state is its address. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useState } from 'react'
import { ApiError } from '../api/client.ts'
import { resultsOptions, searchAgain } from '../api/search.ts'
import {
  activeFilters,
  describeRange,
  parseSearchState,
  problemsOf,
  type SearchState,
  withFields,
} from '../model/search-state.ts'
import { useNow } from '../ui/use-now.ts'
import { usePageTitle } from '../ui/use-page-title.ts'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import { ActiveFilters } from './ActiveFilters.tsx'
import type { ChangeSearch } from './change-search.ts'
import { FacetPanel } from './FacetPanel.tsx'
import { Heatmap } from './Heatmap.tsx'
import { LiveTail } from './LiveTail.tsx'
import { rememberSearch } from './last-search.ts'
import { Results } from './Results.tsx'
import { ScopeLine } from './ScopeLine.tsx'
import { SearchBar } from './SearchBar.tsx'
import { SelectionBar } from './SelectionBar.tsx'
import './SearchPage.css'

export function SearchPage({ state }: { readonly state: SearchState }) {
  const now = useNow(10_000)
  const navigate = useNavigate()
  const [unfolded, unfold] = useState(false)
  const problems = problemsOf(state)
  const isLive = state.live !== undefined
  const search = useInfiniteQuery({ ...resultsOptions(state), enabled: problems.length === 0 && !isLive })
  const { error } = search
  const [tailError, setTailError] = useState<ApiError>()
  const mistake = mistakeIn(isLive ? tailError : error)
  const canAsk = problems.length === 0 && mistake === undefined
  const isEmpty = search.data?.pages[0]?.stored === 0 && !search.isPlaceholderData

  const change = useCallback<ChangeSearch>(
    (fields, options) => {
      void navigate({
        to: '/search',
        search: (old) => withFields(parseSearchState({ ...old }), fields),
        replace: options?.replace ?? false,
        resetScroll: false,
      })
    },
    [navigate],
  )
  const refresh = () => searchAgain(state)

  useEffect(() => rememberSearch(state), [state])
  usePageTitle(
    state.tenant === undefined
      ? `Traces, ${isLive ? 'live' : describeRange(state, now).toLowerCase()}`
      : `${state.tenant}: traces`,
  )
  useShortcuts({
    r: refresh,
    l: () => change({ live: isLive ? undefined : 'traces' }),
    p: () => document.querySelector<HTMLButtonElement>('[data-tail-pause]')?.click(),
    h: () => document.querySelector<HTMLElement>('.heatmap-map')?.focus(),
    '/': () => document.querySelector<HTMLInputElement>('#search-query')?.focus(),
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
  })

  return (
    <div className="search-page">
      <h1 className="visually-hidden">Traces</h1>
      <SearchBar
        state={state}
        change={change}
        mistake={mistake}
        refresh={refresh}
        refreshing={search.isFetching}
        unfolded={unfolded}
        unfold={unfold}
        now={now}
      />
      <div className="search-about">
        <ActiveFilters state={state} change={change} />
        {mistake === undefined && <ScopeLine state={state} />}
      </div>
      <div className="search-body">
        {!(isEmpty && activeFilters(state).length === 0) && (
          <FacetPanel
            state={state}
            change={change}
            problems={problems}
            enabled={canAsk && (isLive || search.data !== undefined) && !isEmpty}
            unfolded={unfolded}
          />
        )}
        <div className="search-main" id="search-results" tabIndex={-1}>
          {isLive ? (
            <LiveTail state={state} change={change} onRefused={setTailError} now={now} />
          ) : (
            <>
              {canAsk && !isEmpty && (error === null || search.data !== undefined) && (
                <Heatmap state={state} change={change} enabled={search.data !== undefined} now={now} />
              )}
              <SelectionBar state={state} change={change} now={now} />
              <Results
                state={state}
                change={change}
                search={search}
                refresh={refresh}
                problems={problems}
                now={now}
              />
            </>
          )}
        </div>
      </div>
    </div>
  )
}

/** What the server could not read in the query. */
function mistakeIn(error: unknown): ApiError | undefined {
  return error instanceof ApiError && error.parameter === 'query' ? error : undefined
}

/** To the next or previous trace of the list, from wherever the focus is. */
function moveFocus(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>('.trace-link')]
  const at = links.indexOf(document.activeElement as HTMLElement)
  const next = at === -1 ? (step > 0 ? 0 : links.length - 1) : at + step
  links[Math.min(links.length - 1, Math.max(0, next))]?.focus()
}
