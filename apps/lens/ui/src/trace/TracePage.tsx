/** One trace: the answer to "why was it slow, or wrong?". Loads it, and says what to do when it is not there. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ApiError } from '../api/client.ts'
import { traceOptions } from '../api/queries.ts'
import { searchLink } from '../model/links.ts'
import { traceIdIn } from '../model/trace-id.ts'
import type { TraceState } from '../model/trace-state.ts'
import { FailurePage } from '../ui/FailurePage.tsx'
import { Text } from '../ui/Text.tsx'
import { TraceView } from './TraceView.tsx'
import './TracePage.css'

export interface TracePageProps {
  readonly traceId: string
  readonly state: TraceState
}

export function TracePage({ traceId, state }: TracePageProps) {
  const known = traceIdIn(traceId)
  const { data, dataUpdatedAt, error, isPending, refetch, isFetching } = useQuery({
    ...traceOptions(known ?? traceId),
    enabled: known !== undefined,
  })
  if (known === undefined) {
    return (
      <FailurePage title="This is not a trace id">
        <p>
          A trace id has 32 hexadecimal digits, not all zero. This address says{' '}
          <code>
            <Text>{traceId}</Text>
          </code>
          .
        </p>
      </FailurePage>
    )
  }
  if (data !== undefined && data.tree.count > 0)
    return <TraceView key={dataUpdatedAt} model={data} state={state} />
  if (isPending) return <Loading />
  const again = (
    <button type="button" className="button primary" disabled={isFetching} onClick={() => void refetch()}>
      {isFetching ? 'Looking…' : 'Look again'}
    </button>
  )
  if (error !== null && !(error instanceof ApiError && error.status === 404)) {
    return (
      <FailurePage
        title={error instanceof ApiError ? error.title : 'The trace could not be loaded'}
        actions={again}
      >
        <p>{error.message}</p>
        <p className="muted">This says nothing about whether the trace is stored.</p>
      </FailurePage>
    )
  }
  return (
    <FailurePage title="This trace is not stored" actions={again}>
      <p>
        No span of <code>{known}</code> has arrived. It may be on its way (senders batch for some seconds),
        sampled away, or older than what Lens keeps.
      </p>
      <p>
        <Link {...searchLink({ lookback: '7d', text: known })}>Search for the id in attributes</Link>
      </p>
    </FailurePage>
  )
}

function Loading() {
  return (
    <div className="trace-loading" role="status" aria-label="Loading the trace">
      {Array.from({ length: 14 }, (_, row) => (
        <i
          // biome-ignore lint/suspicious/noArrayIndexKey: equal rows that never move
          key={row}
          style={{ marginLeft: `${row * 3.1}%`, width: `${72 - row * 4.4}%`, opacity: 1 - row * 0.06 }}
        />
      ))}
    </div>
  )
}
