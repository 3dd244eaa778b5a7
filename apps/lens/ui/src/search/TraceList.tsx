/**
 * The traces found. Tenant and name lead; durations are bars on one scale, so that the slow ones jump out before a number
 * is read. A row is one link; tenant and user in it are buttons that narrow the search.
 */
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { TraceSummary } from 'rustok-lens/contract'
import { formatDuration } from '../model/duration.ts'
import { durationScale } from '../model/duration-scale.ts'
import { traceLink } from '../model/links.ts'
import type { SearchState } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { formatAgo, formatTime, formatUtc, unixMillis } from '../model/time.ts'
import { Icon } from '../ui/Icon.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'
import './TraceList.css'

export interface TraceListProps {
  readonly traces: readonly TraceSummary[]
  readonly state: SearchState
  readonly change: ChangeSearch
  readonly now: number
}

export function TraceList({ traces, state, change, now }: TraceListProps) {
  const slowest = durationScale(traces.map(({ durationNano }) => durationNano))
  return (
    <>
      <div className="trace-columns" aria-hidden="true">
        <span>Started</span>
        <span>Tenant, user</span>
        <span>Request</span>
        <span>Spans, services</span>
        <span className="trace-scale">
          <span>Duration</span>
          <span>0</span>
          <span>{formatDuration(slowest)}</span>
        </span>
      </div>
      <ol className="trace-list" aria-label="Traces">
        {traces.map((trace) => (
          <TraceItem
            key={trace.traceId}
            trace={trace}
            slowest={slowest}
            tenant={leading(trace.tenants, state.tenant)}
            user={leading(trace.users, state.user)}
            change={change}
            now={now}
          />
        ))}
      </ol>
    </>
  )
}

interface TraceItemProps {
  readonly trace: TraceSummary
  readonly slowest: number
  readonly tenant: string | undefined
  readonly user: string | undefined
  readonly change: ChangeSearch
  readonly now: number
}

const TraceItem = memo(function TraceItem({ trace, slowest, tenant, user, change, now }: TraceItemProps) {
  const at = unixMillis(trace.startUnixNano)
  const failed = trace.errorCount > 0
  const share = trace.durationNano / slowest
  return (
    <li className="trace-item" data-failed={failed}>
      <time
        className="trace-time"
        dateTime={isoOf(at)}
        title={`${formatTime(at, now)} local, ${formatUtc(at)}`}
      >
        <span>{formatAgo(at, now)}</span>
        <span className="muted">{formatTime(at, now)}</span>
      </time>
      <div className="trace-who">
        {tenant === undefined ? (
          <span className="muted">no tenant</span>
        ) : (
          <button
            type="button"
            className="trace-tenant"
            title={`Only tenant ${tenant}`}
            onClick={() => change({ tenant })}
          >
            <TenantMark tenant={tenant} />
            <span className="truncate">
              <span className="visually-hidden">Only tenant </span>
              <Text>{tenant}</Text>
            </span>
            {trace.tenants.length > 1 && (
              <span className="trace-more-tenants">+{trace.tenants.length - 1}</span>
            )}
          </button>
        )}
        {user === undefined ? undefined : (
          <button
            type="button"
            className="trace-user truncate"
            title={`Only user ${user}`}
            onClick={() => change({ user })}
          >
            <span className="visually-hidden">Only user </span>
            <Text>{user}</Text>
            {trace.users.length > 1 && ` +${trace.users.length - 1}`}
          </button>
        )}
      </div>
      <div className="trace-what">
        <div className="trace-name">
          <Link className="trace-link truncate" {...traceLink(trace.traceId)}>
            <Text>{trace.rootName}</Text>
          </Link>
          {failed && (
            <span className="trace-errors">
              <Icon name="error" size={12} />
              {trace.errorCount === 1 ? '1 error' : `${trace.errorCount.toLocaleString()} errors`}
            </span>
          )}
          {trace.rootMissing && (
            <span className="trace-partial" title="The root span is not stored">
              no root
            </span>
          )}
        </div>
        <div className="trace-service">
          <span className="service-dot" style={{ background: services.colorOf(trace.rootService) }} />
          <span className="truncate">
            <Text>{trace.rootService}</Text>
          </span>
          {trace.operation !== '' && trace.operation !== trace.rootName && (
            <span className="trace-list-operation truncate">
              <Text>{trace.operation}</Text>
            </span>
          )}
        </div>
      </div>
      <TraceServices trace={trace} />
      <div className="trace-duration">
        <span className="trace-duration-text">{formatDuration(trace.durationNano)}</span>
        <span className="trace-lane" data-beyond={share > 1}>
          <span
            className={failed ? 'error-hatch' : undefined}
            style={{ width: `max(2px, ${Math.min(1, share) * 100}%)` }}
          />
        </span>
      </div>
    </li>
  )
})

/** The value that was searched for, where a trace has several. */
function leading(values: readonly string[], wanted: string | undefined): string | undefined {
  return wanted !== undefined && values.includes(wanted) ? wanted : values[0]
}

/** How the trace's spans are spread over services. */
function TraceServices({ trace }: { readonly trace: TraceSummary }) {
  const names = trace.services.map(({ name, spanCount }) => `${name} ${spanCount}`)
  return (
    <div className="trace-services" title={names.slice(0, 20).join('\n').slice(0, 600)}>
      <span>
        {trace.spanCount.toLocaleString()}{' '}
        <span className="muted">
          in {trace.services.length === 1 ? '1 service' : `${trace.services.length} services`}
        </span>
      </span>
      <span className="trace-segments" aria-hidden="true">
        {trace.services.map(({ name, spanCount }) => (
          <i key={name} style={{ flexGrow: spanCount, background: services.colorOf(name) }} />
        ))}
      </span>
    </div>
  )
}

/** While the first answer is awaited: the same rows, without ink. */
export function TraceListSkeleton() {
  return (
    <div className="trace-skeleton" role="status" aria-label="Searching">
      {Array.from({ length: 9 }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nine equal rows that never move
        <div key={row} style={{ opacity: 1 - row * 0.1 }}>
          <i style={{ width: 70 }} />
          <i style={{ width: 150 - (row % 3) * 20 }} />
          <i style={{ width: 240 - (row % 4) * 35 }} />
          <i style={{ width: 120 }} />
        </div>
      ))}
    </div>
  )
}

function isoOf(millis: number): string | undefined {
  return Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : undefined
}
