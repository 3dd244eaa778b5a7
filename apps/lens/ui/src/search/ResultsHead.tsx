/** Above the results: how many there are, what came since, and in which order they stand. */
import { useQuery } from '@tanstack/react-query'
import type { SearchResponse, TraceOrder, TraceSummary } from 'rustok-lens/contract'
import { freshOptions, heatmapOptions, MOST_FRESH } from '../api/search.ts'
import { freshTraces } from '../model/fresh-traces.ts'
import { ORDERS, type SearchState } from '../model/search-state.ts'
import { unixMillis } from '../model/time.ts'
import { totalFound } from '../model/total-found.ts'
import { CopySearch } from './CopySearch.tsx'
import type { ChangeSearch } from './change-search.ts'

export interface ResultsHeadProps {
  readonly state: SearchState
  readonly change: ChangeSearch
  /** Its first page. */
  readonly answer: SearchResponse & { readonly askedAt: number }
  readonly isStale: boolean
  readonly traces: readonly TraceSummary[]
  /** All pages are there. */
  readonly isWhole: boolean
  readonly refresh: () => void
}

export function ResultsHead({ state, change, answer, isStale, traces, isWhole, refresh }: ResultsHeadProps) {
  const { askedAt, tookMs } = answer
  // The heatmap above asks; its count is here too.
  const heatmap = useQuery({ ...heatmapOptions(state), enabled: false })
  const found = totalFound(answer, heatmap.isPlaceholderData ? undefined : heatmap.data)
  const isRelative = state.start === undefined
  return (
    <div className="results-head">
      <p role="status">
        Showing <strong>{traces.length.toLocaleString()}</strong> of{' '}
        {found.word === '' ? '' : `${found.word} `}
        <strong>{found.total.toLocaleString()}</strong> {found.total === 1 ? 'trace' : 'traces'}
      </p>
      {isRelative && !isStale && (
        <Fresh
          key={askedAt}
          state={state}
          askedAt={askedAt}
          traces={traces}
          isWhole={isWhole}
          refresh={refresh}
        />
      )}
      <div className="results-order">
        <CopySearch state={state} askedAt={askedAt} />
        <OrderField state={state} change={change} />
        <span className="muted">in {tookMs < 1 ? '<1' : Math.round(tookMs)} ms</span>
      </div>
    </div>
  )
}

const ORDER_NAMES: Readonly<Record<TraceOrder, string>> = {
  newest: 'newest first',
  longest: 'longest first',
  errors: 'most errors first',
  spans: 'most spans first',
}

function OrderField({ state, change }: Pick<ResultsHeadProps, 'state' | 'change'>) {
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
