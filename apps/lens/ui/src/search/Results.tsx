/** The answer, or what to do without one: loading, failed, nothing stored yet, nothing in this range, nothing that matches. */
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { useEffect, useEffectEvent } from 'react'
import type { SearchResponse } from 'rustok-lens/contract'
import { ApiError } from '../api/client.ts'
import { newestTraceOptions } from '../api/queries.ts'
import {
  activeFilters,
  type FieldProblem,
  MAX_LIMIT,
  PAGE_SIZE,
  rangeInWords,
  type SearchState,
} from '../model/search-state.ts'
import { formatAgo, unixMillis } from '../model/time.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import { FirstTrace } from './FirstTrace.tsx'
import { Notice } from './Notice.tsx'
import type { ChangeSearch } from './SearchPage.tsx'
import { TraceList, TraceListSkeleton } from './TraceList.tsx'
import './Results.css'

export interface ResultsProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly search: UseQueryResult<SearchResponse>
  readonly refresh: () => void
  readonly problems: readonly FieldProblem[]
  readonly now: number
}

export function Results({ state, change, search, refresh, problems, now }: ResultsProps) {
  const { data, error, isError, isPending, isPlaceholderData } = search
  if (problems.length > 0) {
    return (
      <Notice icon="warning" title="The search has not run">
        <p>{problems[0]!.message}.</p>
      </Notice>
    )
  }
  if (isError) return <Failed error={error} refresh={refresh} />
  if (isPending) return <TraceListSkeleton />
  if (data.total === 0 && data.stored === 0)
    return <NothingStored state={state} change={change} refresh={refresh} now={now} />
  if (data.total === 0) return <NothingMatches state={state} change={change} stored={data.stored} />
  return (
    <section className="results" aria-label="Results" aria-busy={isPlaceholderData}>
      <div className="results-head">
        <p role="status">
          Showing <strong>{data.traces.length.toLocaleString()}</strong> of{' '}
          {data.totalIsExact ? '' : 'at least '}
          <strong>{data.total.toLocaleString()}</strong> {data.total === 1 ? 'trace' : 'traces'}
        </p>
        <p className="muted">newest first, in {data.tookMs < 1 ? '<1' : Math.round(data.tookMs)} ms</p>
      </div>
      <TraceList traces={data.traces} state={state} change={change} now={now} />
      <More
        state={state}
        change={change}
        shown={data.traces.length}
        total={data.total}
        totalIsExact={data.totalIsExact}
        loading={isPlaceholderData}
      />
    </section>
  )
}

interface MoreProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly shown: number
  readonly total: number
  readonly totalIsExact: boolean
  readonly loading: boolean
}

function More({ state, change, shown, total, totalIsExact, loading }: MoreProps) {
  if (shown >= total) return undefined
  const limit = state.limit ?? PAGE_SIZE
  if (limit >= MAX_LIMIT) {
    return (
      <p className="results-more muted">
        These are the newest {shown.toLocaleString()}. Narrow the time range or add a filter to see the{' '}
        {totalIsExact ? `other ${(total - shown).toLocaleString()}` : 'others'}.
      </p>
    )
  }
  const next = Math.min(MAX_LIMIT, limit < 200 ? limit + PAGE_SIZE : limit * 2)
  return (
    <p className="results-more">
      <button
        type="button"
        className="button"
        disabled={loading}
        onClick={() => change({ limit: next }, { replace: true })}
      >
        {loading ? 'Loading…' : `Show ${Math.min(next, total) - shown} more`}
      </button>
    </p>
  )
}

function Failed({ error, refresh }: { readonly error: Error; readonly refresh: () => void }) {
  const title = error instanceof ApiError ? error.title : 'The search failed'
  return (
    <Notice
      icon="error"
      tone="error"
      title={title}
      actions={
        <button type="button" className="button primary" onClick={refresh}>
          Try again
        </button>
      }
    >
      <p>
        <Text whole>{error.message}</Text>
      </p>
      {error instanceof ApiError && error.parameter !== undefined && (
        <p>
          It is about <code>{error.parameter}</code>.
        </p>
      )}
      <p className="muted">This says nothing about whether traces match.</p>
    </Notice>
  )
}

interface NothingProps {
  readonly state: SearchState
  readonly change: ChangeSearch
}

function NothingMatches({ state, change, stored }: NothingProps & { readonly stored: number }) {
  return (
    <Notice icon="search" title="No trace matches">
      <p>
        {stored.toLocaleString()} {stored === 1 ? 'trace is' : 'traces are'} stored for {rangeInWords(state)},
        and none fits all of these:
      </p>
      <ul className="notice-actions">
        {activeFilters(state).map(({ fields, name, value }) => (
          <li key={name}>
            <button
              type="button"
              className="button small"
              onClick={() => change(Object.fromEntries(fields.map((field) => [field, undefined])))}
            >
              <Icon name="cross" size={11} />
              {name}{' '}
              <span className="truncate notice-value">
                <Text>{value}</Text>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Notice>
  )
}

interface NothingStoredProps extends NothingProps {
  readonly refresh: () => void
  readonly now: number
}

/** Watches the store: as soon as a trace arrives, the search is asked again. */
function NothingStored({ state, change, refresh, now }: NothingStoredProps) {
  const newest = useQuery(newestTraceOptions(true))
  const newestId = newest.data?.traces[0]?.traceId
  const onArrival = useEffectEvent(refresh)
  useEffect(() => {
    if (newestId !== undefined) onArrival()
  }, [newestId])
  if (newest.isPending) return <TraceListSkeleton />
  const trace = newest.data?.traces[0]
  if (newest.isError) {
    return (
      <Notice icon="search" title={`No traces in ${rangeInWords(state)}`}>
        <p>Nothing at all is stored for it, whatever the filters.</p>
      </Notice>
    )
  }
  if (trace === undefined) return <FirstTrace />
  const at = unixMillis(trace.startUnixNano)
  return (
    <Notice
      icon="search"
      title={`No traces in ${rangeInWords(state)}`}
      actions={
        <>
          <button
            type="button"
            className="button primary"
            onClick={() => change({ start: at - 1_800_000, end: at + 1_800_000, lookback: undefined })}
          >
            Go to the newest trace
          </button>
          <button
            type="button"
            className="button"
            onClick={() => change({ lookback: '7d', start: undefined, end: undefined })}
          >
            Last 7 d
          </button>
        </>
      }
    >
      <p>The newest trace of all was {formatAgo(at, now)}. Is your service still sending?</p>
    </Notice>
  )
}
