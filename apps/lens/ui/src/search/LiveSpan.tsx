/** A span that arrived, on one line that leads to its trace. */
import { Link } from '@tanstack/react-router'
import { memo } from 'react'
import type { TailSpan } from 'rustok-lens/contract'
import { formatDuration } from '../model/duration.ts'
import { traceLink } from '../model/links.ts'
import { services } from '../model/service-palette.ts'
import { formatTime, unixMillis } from '../model/time.ts'
import { Icon } from '../ui/Icon.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import type { ChangeSearch } from './change-search.ts'

export interface LiveSpanProps {
  readonly span: TailSpan
  readonly change: ChangeSearch
  readonly now: number
}

export const LiveSpan = memo(function LiveSpan({ span, change, now }: LiveSpanProps) {
  const failed = span.status === 'error'
  return (
    <li className="live-span" data-failed={failed}>
      <time className="muted">{formatTime(unixMillis(span.startUnixNano), now)}</time>
      <span className="live-span-tenant truncate">
        {span.tenant !== '' && (
          <button
            type="button"
            className="trace-tenant"
            title={`Only tenant ${span.tenant}`}
            onClick={() => change({ tenant: span.tenant })}
          >
            <TenantMark tenant={span.tenant} size={12} />
            <span className="truncate">
              <span className="visually-hidden">Only tenant </span>
              <Text>{span.tenant}</Text>
            </span>
          </button>
        )}
      </span>
      <span className="trace-service truncate">
        <span className="service-dot" style={{ background: services.colorOf(span.service) }} />
        <span className="truncate">
          <Text>{span.service}</Text>
        </span>
      </span>
      <span className="truncate">
        <Link className="trace-link" {...traceLink(span.traceId, span.spanId)}>
          <Text>{span.name}</Text>
        </Link>
        {failed && (
          <span className="live-span-error">
            {' '}
            <Icon name="error" size={12} />
            <Text>{span.statusMessage === '' ? 'error' : span.statusMessage}</Text>
          </span>
        )}
      </span>
      <span className="live-span-duration">{formatDuration(span.durationNano)}</span>
    </li>
  )
})
