/** All tenants: how much each asks, what fails, how long it waits, and what of that has changed. Sorted, searched and paged by the address. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import type { TenantStatistics, TenantsSort } from 'rustok-lens/contract'
import { tenantsOptions } from '../api/statistics.ts'
import { formatCount, formatShare } from '../model/amounts.ts'
import { searchLink, tenantLink, tenantsLink } from '../model/links.ts'
import { rangeInWords } from '../model/search-state.ts'
import { tenantRows } from '../model/stat-rows.ts'
import {
  naturalOrder,
  parseTenantsState,
  sortedBy,
  TENANTS_PAGE,
  type TenantsState,
} from '../model/tenants-state.ts'
import { formatAgo, formatUtc, unixMillis } from '../model/time.ts'
import { periodBefore, timeScope } from '../model/time-scope.ts'
import { Notice } from '../search/Notice.tsx'
import { Failed } from '../ui/Failed.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { StatName } from '../ui/StatName.tsx'
import { StatTable } from '../ui/StatTable.tsx'
import { Text } from '../ui/Text.tsx'
import { useNow } from '../ui/use-now.ts'
import { usePageTitle } from '../ui/use-page-title.ts'
import { useShortcuts } from '../ui/use-shortcuts.ts'
import './TenantsPage.css'

export function TenantsPage({ state }: { readonly state: TenantsState }) {
  usePageTitle('Tenants')
  const now = useNow(30_000)
  const { data, error, refetch, isPlaceholderData } = useQuery(tenantsOptions(state))
  const byName = new Map(data?.tenants.map((tenant) => [tenant.tenant, tenant]))
  const period = data && { start: data.startMs, end: data.endMs }
  return (
    <div className="page">
      <PageHead title="Tenants" time={state}>
        <p role="status">{data === undefined ? 'Counting' : summaryOf(data.total, data.requests, state)}</p>
      </PageHead>
      <NameField state={state} />
      {error !== null && (
        <Failed title="Tenants could not be loaded" error={error} again={() => void refetch()} />
      )}
      {data?.total === 0 ? (
        <NoTenant state={state} />
      ) : (
        period !== undefined && (
          <div aria-busy={isPlaceholderData}>
            <StatTable
              label="Tenants"
              head={<Heads state={state} />}
              rows={tenantRows(data!.tenants)}
              name={(row) => <StatName row={row} to={tenantLink(row.name, state)} />}
              more={(row) => (
                <MoreCells tenant={byName.get(row.name)!} state={state} whole={data!.requests} now={now} />
              )}
              time={state}
              before={periodBefore(period)}
              minutes={(period.end - period.start + 1) / 60_000}
              percentiles
              allChanges
            />
            <Pages state={state} total={data!.total} />
          </div>
        )
      )}
    </div>
  )
}

function summaryOf(total: number, requests: number, state: TenantsState): string {
  const tenants = `${total.toLocaleString()} ${total === 1 ? 'tenant' : 'tenants'}`
  const which = state.contains === undefined ? '' : ' by that name'
  return `${tenants}${which} with ${formatCount(requests)} requests in ${rangeInWords(state)}, against the period before it`
}

function Heads({ state }: { readonly state: TenantsState }) {
  return (
    <>
      <Head state={state} sort="tenant" name="Tenant" />
      <th scope="col" className="stat-spark">
        <span className="visually-hidden">Over time</span>
      </th>
      <Head state={state} sort="requests" name="Requests" change="requestsChange" />
      <Head state={state} sort="withErrors" name="With errors" title="Sorts by how many have an error" />
      <Head state={state} sort="p50" name="Median" className="stat-wide" />
      <Head state={state} sort="p95" name="p95" change="p95Change" title="95 % take at most so long" />
      <Head state={state} sort="p99" name="p99" className="stat-wide" />
      <th scope="col" className="stat-wide" title="Of all requests">
        Share
      </th>
      <Head state={state} sort="users" name="Users" className="stat-wide" />
      <Head state={state} sort="last" name="Last request" className="stat-wide" />
    </>
  )
}

interface HeadProps {
  readonly state: TenantsState
  readonly sort: TenantsSort
  readonly name: string
  /** Sorts by the difference to the period before. */
  readonly change?: TenantsSort
  readonly title?: string
  readonly className?: string
}

function Head({ state, sort, name, change, title, className }: HeadProps) {
  const current = state.sort ?? 'requests'
  const order = state.order ?? naturalOrder(current)
  const isSorted = current === sort || current === change
  const arrow = order === 'asc' ? '↑' : '↓'
  return (
    <th
      scope="col"
      className={className}
      aria-sort={isSorted ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <Link {...tenantsLink(sortedBy(state, sort))} replace className="sort" title={title}>
        {name} {current === sort && <span aria-hidden="true">{arrow}</span>}
      </Link>
      {change !== undefined && (
        <Link
          {...tenantsLink(sortedBy(state, change))}
          replace
          className="sort sort-change"
          title="Sorts by the change against the period before"
        >
          <span className="visually-hidden">Change of {name} </span>
          <span aria-hidden="true">± {current === change && arrow}</span>
        </Link>
      )}
    </th>
  )
}

interface MoreCellsProps {
  readonly tenant: TenantStatistics
  readonly state: TenantsState
  readonly whole: number
  readonly now: number
}

function MoreCells({ tenant, state, whole, now }: MoreCellsProps) {
  const last = tenant.lastUnixNano === null ? undefined : unixMillis(tenant.lastUnixNano)
  return (
    <>
      <td className="stat-wide">{formatShare(whole === 0 ? null : tenant.requests / whole)}</td>
      <td className="stat-wide">
        {tenant.users === 0 ? (
          0
        ) : (
          <Link {...tenantLink(tenant.tenant, state)}>{tenant.users.toLocaleString()}</Link>
        )}
      </td>
      <td className="stat-wide muted">
        {last === undefined ? 'silent' : <time title={formatUtc(last)}>{formatAgo(last, now)}</time>}
      </td>
    </>
  )
}

/** The address follows what is typed, a moment later. */
function NameField({ state }: { readonly state: TenantsState }) {
  const navigate = useNavigate()
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(state.contains ?? '')
  const [shown, setShown] = useState(state.contains)
  if (shown !== state.contains) {
    setShown(state.contains)
    setTyped(state.contains ?? '')
  }
  useEffect(() => {
    if (typed.trim() === (state.contains ?? '').trim()) return
    const timer = setTimeout(() => {
      const { page: _page, ...rest } = state
      void navigate({ ...tenantsLink(parseTenantsState({ ...rest, contains: typed })), replace: true })
    }, 250)
    return () => clearTimeout(timer)
  }, [typed, state, navigate])
  useShortcuts({ '/': () => input.current?.focus() })
  return (
    <input
      ref={input}
      type="search"
      className="field tenants-name"
      aria-label="Find a tenant by name"
      placeholder="Find a tenant by name  ( / )"
      value={typed}
      maxLength={1024}
      onChange={(event) => setTyped(event.target.value)}
    />
  )
}

function Pages({ state, total }: { readonly state: TenantsState; readonly total: number }) {
  const { page = 1 } = state
  const last = Math.max(1, Math.ceil(total / TENANTS_PAGE))
  if (last === 1) return undefined
  const to = (next: number) => tenantsLink(parseTenantsState({ ...state, page: next }))
  return (
    <nav className="pages" aria-label="Pages">
      {page > 1 && (
        <Link {...to(page - 1)} className="button">
          Previous
        </Link>
      )}
      <span className="muted">
        Page {page.toLocaleString()} of {last.toLocaleString()}
      </span>
      {page < last && (
        <Link {...to(page + 1)} className="button">
          Next
        </Link>
      )}
    </nav>
  )
}

function NoTenant({ state }: { readonly state: TenantsState }) {
  if (state.contains === undefined) {
    return (
      <Notice
        icon="person"
        title={`No requests in ${rangeInWords(state)}`}
        actions={
          <Link {...tenantsLink({ lookback: '7d' })} className="button primary">
            Last 7 d
          </Link>
        }
      >
        <p>
          Nor in the period before. A tenant is what spans say in <code>tenant_id</code>.
        </p>
      </Notice>
    )
  }
  const { contains: _contains, page: _page, ...rest } = state
  return (
    <Notice
      icon="search"
      title="No tenant by that name"
      actions={
        <>
          <Link {...tenantsLink(rest)} className="button primary">
            All tenants
          </Link>
          <Link {...searchLink({ text: state.contains, ...timeScope({ ...state }) })} className="button">
            Look for it in traces
          </Link>
        </>
      }
    >
      <p>
        None with requests in {rangeInWords(state)} has <Text>{state.contains}</Text> in its name.
      </p>
    </Notice>
  )
}
