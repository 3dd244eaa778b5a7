/** The answer, or what to do without one: loading, failed, nothing stored yet, nothing in this range, nothing that matches. */
import { type InfiniteData, type UseInfiniteQueryResult, useQuery } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useMemo, useRef } from 'react'
import type { SearchResponse, TraceOrder, TraceSummary } from 'rustok-lens/contract'
import { ApiError } from '../api/client.ts'
import { newestTraceOptions } from '../api/queries.ts'
import { freshOptions, heatmapOptions, MOST_FRESH } from '../api/search.ts'
import { freshTraces } from '../model/fresh-traces.ts'
import { conjunctsOf, withoutCondition } from '../model/query-text.ts'
import {
  activeFilters,
  type FieldProblem,
  ORDERS,
  PAGE_SIZE,
  rangeInWords,
  type SearchState,
} from '../model/search-state.ts'
import { formatAgo, unixMillis } from '../model/time.ts'
import { totalFound } from '../model/total-found.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import { FirstTrace } from './FirstTrace.tsx'
import { Notice } from './Notice.tsx'
import { QueryText } from './QueryText.tsx'
import type { ChangeSearch } from './SearchPage.tsx'
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
  const heatmap = useQuery({ ...heatmapOptions(state), enabled: false })
  const traces = useMemo(() => distinct(data?.pages.flatMap((page) => page.traces) ?? []), [data])
  if (problems.length > 0) {
    return (
      <Notice icon="warning" title="The search has not run">
        <p>{problems[0]!.message}.</p>
      </Notice>
    )
  }
  if (isError && !search.isFetchNextPageError)
    return <Failed error={error} query={state.query} refresh={refresh} />
  if (isPending || data === undefined) return <TraceListSkeleton />
  const first = data.pages[0]!
  const { total, totalIsExact, stored, tookMs, askedAt } = first
  const found = totalFound(first, heatmap.isPlaceholderData ? undefined : heatmap.data)
  if (total === 0 && stored === 0)
    return <NothingStored state={state} change={change} refresh={refresh} now={now} />
  if (total === 0) return <NothingMatches state={state} change={change} stored={stored} />
  const isRelative = state.start === undefined
  return (
    <section className="results" aria-label="Results" aria-busy={isPlaceholderData}>
      <div className="results-head">
        <p role="status">
          Showing <strong>{traces.length.toLocaleString()}</strong> of{' '}
          {found.word === '' ? '' : `${found.word} `}
          <strong>{found.total.toLocaleString()}</strong> {found.total === 1 ? 'trace' : 'traces'}
        </p>
        {isRelative && !isPlaceholderData && (
          <Fresh
            key={askedAt}
            state={state}
            askedAt={askedAt}
            traces={traces}
            isWhole={!search.hasNextPage}
            refresh={refresh}
          />
        )}
        <p className="results-order">
          <OrderField state={state} change={change} />
          <span className="muted">in {tookMs < 1 ? '<1' : Math.round(tookMs)} ms</span>
        </p>
      </div>
      <TraceList traces={traces} state={state} change={change} now={now} />
      <More search={search} shown={traces.length} total={total} totalIsExact={totalIsExact} />
    </section>
  )
}

/** One that got an earlier or a longer span between two pages is on both. */
function distinct(traces: readonly TraceSummary[]): readonly TraceSummary[] {
  return [...new Map(traces.map((trace) => [trace.traceId, trace])).values()]
}

const ORDER_NAMES: Readonly<Record<TraceOrder, string>> = {
  newest: 'newest first',
  longest: 'longest first',
  errors: 'most errors first',
  spans: 'most spans first',
}

function OrderField({ state, change }: NothingProps) {
  return (
    <select
      className="field"
      aria-label="Order"
      value={state.order ?? 'newest'}
      onChange={({ target }) => {
        const order = ORDERS.find((one) => one === target.value)
        change({ order: order === 'newest' ? undefined : order })
      }}
    >
      {ORDERS.map((order) => (
        <option key={order} value={order}>
          {ORDER_NAMES[order]}
        </option>
      ))}
    </select>
  )
}

interface FreshProps {
  readonly state: SearchState
  readonly askedAt: number
  readonly traces: readonly TraceSummary[]
  readonly isWhole: boolean
  readonly refresh: () => void
}

/** What came since the search is announced, and shown when one asks for it: nothing moves under the eyes of who reads. */
function Fresh({ state, askedAt, traces, isWhole, refresh }: FreshProps) {
  const { data } = useQuery(freshOptions(state, askedAt))
  const last = traces.at(-1)
  const isNewest = state.order === undefined && !isWhole && last !== undefined
  const count = freshTraces(data?.traces ?? [], {
    at: askedAt,
    ids: new Set(traces.map(({ traceId }) => traceId)),
    reaches: isNewest ? unixMillis(last.startUnixNano) : undefined,
  })
  return (
    <p role="status" className="results-fresh">
      {count > 0 && (
        <button type="button" className="button small" onClick={refresh}>
          {count === 1 ? '1 new trace' : `${count}${count >= MOST_FRESH ? ' or more' : ''} new traces`}: show
        </button>
      )}
    </p>
  )
}

interface MoreProps {
  readonly search: ResultPages
  readonly shown: number
  readonly total: number
  readonly totalIsExact: boolean
}

/** Rows beyond which the next page comes only when it is asked for: nobody reads on for so long by accident. */
const MOST_BY_SCROLLING = 2000

/** The next page comes when the end of the list comes into view, or by the button. */
function More({ search, shown, total, totalIsExact }: MoreProps) {
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = search
  const end = useRef<HTMLDivElement>(null)
  const onEnd = useEffectEvent(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError && shown < MOST_BY_SCROLLING) void fetchNextPage()
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: an end that is still in view after a page came asks for the next
  useEffect(() => {
    if (end.current === null) return
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) onEnd()
      },
      { rootMargin: '200px' },
    )
    observer.observe(end.current)
    return () => observer.disconnect()
  }, [shown])
  if (!hasNextPage) return undefined
  const rest = total - shown
  return (
    <div ref={end} className="results-more">
      {isFetchNextPageError && <p role="alert">The next page could not be loaded.</p>}
      <button type="button" className="button" disabled={isFetching} onClick={() => void fetchNextPage()}>
        {isFetching
          ? 'Loading…'
          : totalIsExact
            ? `Show ${Math.min(PAGE_SIZE, rest).toLocaleString()} more`
            : 'Show more'}
      </button>
    </div>
  )
}

interface FailedProps {
  readonly error: Error
  readonly query: string | undefined
  readonly refresh: () => void
}

function Failed({ error, query, refresh }: FailedProps) {
  if (error instanceof ApiError && error.parameter === 'query' && query !== undefined) {
    return (
      <Notice icon="error" tone="error" title="The query cannot be read">
        <p className="query-shown">
          <bdi>
            <QueryText query={query} mistake={error.position} />
          </bdi>
        </p>
        <p>
          <Text whole>{error.message.replace(/^query: /, '')}</Text>
        </p>
        <p className="muted">
          For example: <code>service = checkout and duration &gt; 500ms</code>
        </p>
      </Notice>
    )
  }
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
  const parts = conjunctsOf(state.query ?? '') ?? []
  const filters = activeFilters(state).filter(({ name }) => name !== 'Query' || parts.length < 2)
  if (filters.length === 0 && parts.length === 0) {
    return (
      <Notice icon="search" title="No trace began here">
        <p>
          {stored.toLocaleString()} {stored === 1 ? 'trace reaches' : 'traces reach'} into{' '}
          {rangeInWords(state)}, and began before it. Choose a longer time range.
        </p>
      </Notice>
    )
  }
  return (
    <Notice icon="search" title="No trace matches">
      <p>
        {stored.toLocaleString()} {stored === 1 ? 'trace is' : 'traces are'} stored for {rangeInWords(state)},
        and none fits all of these:
      </p>
      <ul className="notice-actions">
        {parts.length > 1 &&
          parts.map(({ text }) => (
            <li key={text}>
              <button
                type="button"
                className="button small"
                onClick={() => change({ query: withoutCondition(state.query, text) })}
              >
                <Icon name="cross" size={11} />
                <span className="truncate notice-value query-shown">
                  <Text>{text}</Text>
                </span>
              </button>
            </li>
          ))}
        {filters.map(({ fields, name, value }) => (
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
