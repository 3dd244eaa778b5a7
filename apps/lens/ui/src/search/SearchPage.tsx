/** The first page: which requests were there, of which customer, and which of them stand out. Its state is its address. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect } from 'react'
import { searchOptions } from '../api/queries.ts'
import { describeRange, problemsOf, type SearchState, withFields } from '../model/search-state.ts'
import { useNow } from '../ui/use-now.ts'
import { usePageTitle } from '../ui/use-page-title.ts'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import { ActiveFilters } from './ActiveFilters.tsx'
import { FilterBar } from './FilterBar.tsx'
import { Histogram } from './Histogram.tsx'
import { rememberSearch } from './last-search.ts'
import { Results } from './Results.tsx'
import './SearchPage.css'

export type ChangeSearch = (
  change: Parameters<typeof withFields>[1],
  options?: { readonly replace?: boolean },
) => void

export function SearchPage({ state }: { readonly state: SearchState }) {
  const now = useNow(10_000)
  const navigate = useNavigate()
  const client = useQueryClient()
  const problems = problemsOf(state)
  const search = useQuery({
    ...searchOptions(state),
    enabled: problems.length === 0,
    placeholderData: keepPreviousData,
  })

  const change = useCallback<ChangeSearch>(
    (fields, options) => {
      void navigate({
        to: '/search',
        search: (old) => withFields(old, fields),
        replace: options?.replace ?? false,
        resetScroll: false,
      })
    },
    [navigate],
  )
  const refresh = () => {
    for (const kind of ['search', 'histogram', 'facets', 'newest'])
      void client.invalidateQueries({ queryKey: [kind] })
  }

  useEffect(() => rememberSearch(state), [state])
  usePageTitle(
    state.tenant === undefined
      ? `Traces, ${describeRange(state, now).toLowerCase()}`
      : `${state.tenant}: traces`,
  )
  useShortcuts({
    r: refresh,
    '/': () => document.querySelector<HTMLInputElement>('#search-text')?.focus(),
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
  })

  return (
    <div className="search-page">
      <h1 className="visually-hidden">Traces</h1>
      <FilterBar
        state={state}
        change={change}
        refresh={refresh}
        refreshing={search.isFetching}
        problems={problems}
        now={now}
      />
      <ActiveFilters state={state} change={change} />
      {search.data?.stored !== 0 && (
        <Histogram state={state} change={change} enabled={problems.length === 0} now={now} />
      )}
      <Results
        state={state}
        change={change}
        search={search}
        refresh={refresh}
        problems={problems}
        now={now}
      />
    </div>
  )
}

/** To the next or previous trace of the list, from wherever the focus is. */
function moveFocus(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>('.trace-link')]
  const at = links.indexOf(document.activeElement as HTMLElement)
  const next = at === -1 ? (step > 0 ? 0 : links.length - 1) : at + step
  links[Math.min(links.length - 1, Math.max(0, next))]?.focus()
}
