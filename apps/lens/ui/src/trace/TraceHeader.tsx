/** Whose request it was, what it was, how long it took; and the ways to hand it on. */
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { formatDuration } from '../model/duration.ts'
import { diffWithLink, searchLink } from '../model/links.ts'
import { rangeReaching } from '../model/search-state.ts'
import { services } from '../model/service-palette.ts'
import { formatAgo, formatTime, formatUtcNano } from '../model/time.ts'
import { endOf, type TraceModel } from '../model/trace-model.ts'
import { lastSearch } from '../search/last-search.ts'
import { CopyButton } from '../ui/CopyButton.tsx'
import { CopyTrace } from '../ui/CopyTrace.tsx'
import { Icon } from '../ui/Icon.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import './TraceHeader.css'

export function TraceHeader({ model, now }: { readonly model: TraceModel; readonly now: number }) {
  const { times, tenants, users, operation } = model
  const root = model.spans[model.root]!
  const startMs = Number(times.originUnixNano / 1_000_000n)
  const range = useMemo(() => rangeReaching(startMs, Date.now()), [startMs])
  const errors = model.failedOrder.length
  // Work that goes on when the caller has its answer makes a trace longer than the request was.
  const answered = endOf(model, model.root)
  return (
    <header className="trace-header">
      <div className="trace-title-row">
        <Link
          {...searchLink(lastSearch())}
          className="button quiet icon"
          aria-label="Back to the search"
          title="Back to the search"
        >
          <Icon name="back" size={16} />
        </Link>
        {tenants.map((tenant) => (
          <Link
            key={tenant}
            {...searchLink({ tenant, ...range })}
            className="trace-header-tenant"
            title={`Search for tenant ${tenant}`}
          >
            <TenantMark tenant={tenant} size={20} />
            <span className="truncate">
              <Text>{tenant}</Text>
            </span>
          </Link>
        ))}
        {tenants.length === 0 && <span className="trace-header-tenant muted">no tenant</span>}
        <span className="trace-slash" aria-hidden="true">
          /
        </span>
        <h1 className="truncate">
          <Text>{root.name}</Text>
        </h1>
        {operation !== undefined && operation !== root.name && (
          <span className="trace-operation truncate">
            <Text>{operation}</Text>
          </span>
        )}
        <div className="trace-actions">
          <Link
            {...diffWithLink(model.traceId)}
            className="button quiet small"
            title="Side by side with another trace, such as a typical one"
          >
            Compare
          </Link>
          <CopyButton text={() => location.href} label="Copy link" caption="Link" icon="link" />
          <CopyButton text={model.traceId} label="Copy trace id" caption="Trace id" />
          <CopyTrace traceId={model.traceId} spans={model.tree.count} />
        </div>
      </div>
      <dl className="trace-facts">
        <Fact name="Duration" strong>
          {formatDuration(times.length)}
        </Fact>
        {answered < times.length * 0.995 && (
          <Fact name={root.kind === 'server' ? 'Answered after' : 'Root span'}>
            {formatDuration(answered)}
          </Fact>
        )}
        {errors > 0 && (
          <Fact name="Errors">
            <span className="trace-header-errors">
              <Icon name="error" size={13} />
              {errors.toLocaleString()}
            </span>
          </Fact>
        )}
        <Fact name="Started">
          <time
            title={formatUtcNano(times.originUnixNano)}
            dateTime={new Date(Math.min(startMs, 8.64e15)).toISOString()}
          >
            {formatTime(startMs, now)} <span className="muted">{formatAgo(startMs, now)}</span>
          </time>
        </Fact>
        {users.length > 0 && (
          <Fact name="User">
            {users.slice(0, 3).map((user) => (
              <Link
                key={user}
                {...searchLink({ user, ...range })}
                className="truncate"
                title={`Search for user ${user}`}
              >
                <Text>{user}</Text>
              </Link>
            ))}
            {users.length > 3 && ` +${users.length - 3}`}
          </Fact>
        )}
        <Fact name="Spans">{model.tree.count.toLocaleString()}</Fact>
        <Fact name="Depth">{(model.tree.maxDepth + 1).toLocaleString()}</Fact>
        <div className="trace-legend">
          <dt className="visually-hidden">Services</dt>
          <dd>
            <ul aria-label="Services">
              {model.services.slice(0, 12).map(({ name, spanCount }) => (
                <li key={name}>
                  <span className="service-dot" style={{ background: services.colorOf(name) }} />
                  <span className="truncate">
                    <Text>{name}</Text>
                  </span>
                  <span className="muted">{spanCount.toLocaleString()}</span>
                </li>
              ))}
              {model.services.length > 12 && (
                <li className="muted">+{model.services.length - 12} services</li>
              )}
            </ul>
          </dd>
        </div>
      </dl>
    </header>
  )
}

interface FactProps {
  readonly name: string
  readonly strong?: boolean
  readonly children: React.ReactNode
}

function Fact({ name, strong = false, children }: FactProps) {
  return (
    <div data-strong={strong}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
