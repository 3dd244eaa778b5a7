/** What to do without results: the search failed, nothing matches, nothing is stored for the time, or nothing at all. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useEffectEvent } from 'react'
import { ApiError } from '../api/client.ts'
import { newestTraceOptions } from '../api/queries.ts'
import { conjunctsOf, withoutCondition } from '../model/query-text.ts'
import { activeFilters, rangeInWords, type SearchState } from '../model/search-state.ts'
import { formatAgo, unixMillis } from '../model/time.ts'
import { Icon } from '../ui/Icon.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'
import { FirstTrace } from './FirstTrace.tsx'
import { Notice } from './Notice.tsx'
import { QueryText } from './QueryText.tsx'
import { TraceListSkeleton } from './TraceList.tsx'

interface FailedProps {
  readonly error: Error
  readonly query: string | undefined
  readonly refresh: () => void
}

export function Failed({ error, query, refresh }: FailedProps) {
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

export function NothingMatches({ state, change, stored }: NothingProps & { readonly stored: number }) {
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
export function NothingStored({ state, change, refresh, now }: NothingStoredProps) {
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
