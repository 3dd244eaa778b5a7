/** One user: their requests in order, each with what was asked, whether it worked, how long it took, and how long they were away before it. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { TraceSummary } from 'rustok-lens/contract'
import { resultsOptions } from '../api/search.ts'
import { overviewOptions } from '../api/statistics.ts'
import { Overview } from '../home/Overview.tsx'
import { formatDuration } from '../model/duration.ts'
import { searchLink, tenantLink, traceLink, whyLink } from '../model/links.ts'
import { userScope } from '../model/scope.ts'
import { rangeInWords } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { formatAgo, formatTime, formatUtc, unixMillis } from '../model/time.ts'
import type { TimeScope } from '../model/time-scope.ts'
import { Notice } from '../search/Notice.tsx'
import { Failed } from '../ui/Failed.tsx'
import { Icon } from '../ui/Icon.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import { useNow } from '../ui/use-now.ts'
import { usePageTitle } from '../ui/use-page-title.ts'
import './TenantPage.css'
import './UserPage.css'

export interface UserPageProps {
  readonly tenant: string
  readonly user: string
  readonly time: TimeScope
}

export function UserPage({ tenant, user, time }: UserPageProps) {
  usePageTitle(user === '' ? `No user, ${tenant}` : `${user}, ${tenant}`)
  const scope = userScope(tenant, user)
  const overview = useQuery(overviewOptions(scope, time))
  const isSilent = overview.data?.now.total === 0 && overview.data.then.total === 0
  return (
    <div className="page">
      <PageHead
        time={time}
        title={
          <>
            <Icon name="person" size={20} />
            {user === '' ? 'No user' : <Text>{user}</Text>}
          </>
        }
      >
        <p className="tenant-links">
          <span className="user-tenant">
            <TenantMark tenant={tenant} size={13} />
            <Link {...tenantLink(tenant, time)} activeOptions={{ exact: true }} className="truncate">
              {tenant === '' ? 'No tenant' : <Text>{tenant}</Text>}
            </Link>
          </span>
          <Link {...searchLink({ ...scope, ...time })}>Search in their traces</Link>
          <Link {...whyLink({ ...scope, ...time }, { by: 'error' })}>Why do some fail?</Link>
        </p>
      </PageHead>
      {isSilent ? (
        <Notice
          icon="person"
          title={`No trace in ${rangeInWords(time)}`}
          actions={
            <>
              {time.lookback !== '7d' && (
                <Link to="." search={{ lookback: '7d' }} className="button primary">
                  Last 7 d
                </Link>
              )}
              <Link {...tenantLink(tenant, time)} className="button">
                Their tenant
              </Link>
            </>
          }
        >
          <p>Nor in the period before.</p>
        </Notice>
      ) : (
        <>
          <Overview scope={scope} time={time} />
          <Requests tenant={tenant} user={user} time={time} />
        </>
      )}
    </div>
  )
}

function Requests({ tenant, user, time }: UserPageProps) {
  const now = useNow(30_000)
  const search = { ...userScope(tenant, user), ...time }
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    resultsOptions(search),
  )
  const traces = data?.pages.flatMap((page) => page.traces) ?? []
  const [first] = data?.pages ?? []
  const slowest = Math.max(1, ...traces.map(({ durationNano }) => durationNano))
  return (
    <section aria-label="Requests in order">
      <div className="section-head">
        <h2>Requests in order</h2>
        {first !== undefined && (
          <p className="muted" role="status">
            Showing {traces.length.toLocaleString()} of {first.totalIsExact ? '' : 'at least '}
            {first.total.toLocaleString()}, newest first
          </p>
        )}
      </div>
      {error !== null && (
        <Failed title="Requests could not be loaded" error={error} again={() => void refetch()} />
      )}
      {first?.total === 0 && <p className="muted">None: the period before has some.</p>}
      <ol className="requests" aria-label="Requests">
        {traces.map((trace, at) => (
          <Request key={trace.traceId} trace={trace} earlier={traces[at + 1]} slowest={slowest} now={now} />
        ))}
      </ol>
      {hasNextPage && (
        <p className="requests-more">
          <button
            type="button"
            className="button"
            disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {isFetchingNextPage ? 'Loading…' : 'Show earlier requests'}
          </button>
        </p>
      )}
    </section>
  )
}

/** Away for so long, in milliseconds, is worth a line: it is another visit. */
const AWAY = 10 * 60_000

interface RequestProps {
  readonly trace: TraceSummary
  /** The one before it in time. */
  readonly earlier: TraceSummary | undefined
  readonly slowest: number
  readonly now: number
}

const Request = memo(function Request({ trace, earlier, slowest, now }: RequestProps) {
  const at = unixMillis(trace.startUnixNano)
  const gap = earlier === undefined ? 0 : at - unixMillis(earlier.startUnixNano)
  const name = trace.operation === '' ? trace.rootName : trace.operation
  const failed = trace.errorCount > 0
  return (
    <li data-failed={failed}>
      <div className="request">
        <time title={`${formatUtc(at)}, ${formatAgo(at, now)}`}>{formatTime(at, now)}</time>
        <span className="request-status" data-failed={failed}>
          {failed ? <Icon name="error" size={13} /> : <Icon name="check" size={13} />}
          {failed
            ? trace.errorCount === 1
              ? '1 error'
              : `${trace.errorCount.toLocaleString()} errors`
            : 'ok'}
        </span>
        <span className="request-what">
          <span className="service-dot" style={{ background: services.colorOf(trace.rootService) }} />
          <Link {...traceLink(trace.traceId)} className="truncate">
            <Text>{name}</Text>
          </Link>
          <span className="muted truncate">
            <Text>{trace.rootService}</Text>
          </span>
        </span>
        <span className="muted request-spans">
          {trace.spanCount.toLocaleString()} {trace.spanCount === 1 ? 'span' : 'spans'}
        </span>
        <span className="request-duration">
          <span>{formatDuration(trace.durationNano)}</span>
          <span className="request-lane" aria-hidden="true">
            <i
              className={failed ? 'error-hatch' : undefined}
              style={{ width: `max(2px, ${(trace.durationNano / slowest) * 100}%)` }}
            />
          </span>
        </span>
      </div>
      {gap >= AWAY && <p className="request-gap muted">{formatDuration(gap * 1e6)} without a request</p>}
    </li>
  )
})
