/** The answer to the search, page after page; or what stands in its place. */
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { SearchResponse, TraceSummary } from 'rustok-lens/contract'
import { isUnanswered } from '../api/client.ts'
import { type FieldProblem, PAGE_SIZE, type SearchState } from '../model/search-state.ts'
import type { ChangeSearch } from './change-search.ts'
import { MoreResults } from './MoreResults.tsx'
import { Failed, NothingMatches, NothingStored } from './NoResults.tsx'
import { Notice } from './Notice.tsx'
import { ResultsHead } from './ResultsHead.tsx'
import { TraceList, TraceListSkeleton } from './TraceList.tsx'
import './Results.css'

export type ResultPages = UseInfiniteQueryResult<InfiniteData<SearchResponse & { readonly askedAt: number }>>

export interface ResultsProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly search: ResultPages
  readonly refresh: () => void
  readonly problems: readonly FieldProblem[]
  readonly now: number
}

export function Results({ state, change, search, refresh, problems, now }: ResultsProps) {
  const { data, error, isError, isPending, isPlaceholderData } = search
  const traces = useMemo(() => distinct(data?.pages.flatMap((page) => page.traces) ?? []), [data])
  if (problems.length > 0) {
    return (
      <Notice icon="warning" title="The search has not run">
        <p>{problems[0]!.message}.</p>
      </Notice>
    )
  }
  // What was found stays in view while Lens does not answer; the page says that it does not.
  if (isError && !search.isFetchNextPageError && !(isUnanswered(error) && data !== undefined))
    return <Failed error={error} query={state.query} refresh={refresh} />
  if (isPending || data === undefined) return <TraceListSkeleton />
  const first = data.pages[0]!
  const { total, totalIsExact, stored } = first
  if (total === 0 && isPlaceholderData) return <TraceListSkeleton />
  if (total === 0 && stored === 0)
    return <NothingStored state={state} change={change} refresh={refresh} now={now} />
  if (total === 0) return <NothingMatches state={state} change={change} stored={stored} />
  return (
    <section className="results" aria-label="Results" aria-busy={isPlaceholderData}>
      <ResultsHead
        state={state}
        change={change}
        answer={first}
        isStale={isPlaceholderData}
        traces={traces}
        isWhole={!search.hasNextPage}
        refresh={refresh}
      />
      <TraceList traces={traces} state={state} change={change} now={now} />
      <MoreResults
        search={search}
        shown={traces.length}
        total={total}
        totalIsExact={totalIsExact}
        pageSize={state.limit ?? PAGE_SIZE}
      />
    </section>
  )
}

/** One that got an earlier or a longer span between two pages is on both. */
function distinct(traces: readonly TraceSummary[]): readonly TraceSummary[] {
  return [...new Map(traces.map((trace) => [trace.traceId, trace])).values()]
}
