/** One tenant: its traffic, what fails, what is slow, who makes the noise, and how much of the whole it is. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { overviewOptions, servicesOptions, type UserSort, usersOptions } from '../api/statistics.ts'
import { FewTraces } from '../home/FewTraces.tsx'
import { Overview } from '../home/Overview.tsx'
import { formatShare } from '../model/amounts.ts'
import { searchLink, tenantsLink, userLink, whyLink } from '../model/links.ts'
import { failedOf, slowOf, tenantScope } from '../model/scope.ts'
import { rangeInWords } from '../model/search-state.ts'
import { type StatRow, serviceRows, userRows } from '../model/stat-rows.ts'
import { periodBefore, type TimeScope } from '../model/time-scope.ts'
import { Notice } from '../search/Notice.tsx'
import { Failed } from '../ui/Failed.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { StatName } from '../ui/StatName.tsx'
import { StatTable } from '../ui/StatTable.tsx'
import { TenantMark } from '../ui/TenantMark.tsx'
import { Text } from '../ui/Text.tsx'
import { usePageTitle } from '../ui/use-page-title.ts'
import './TenantPage.css'

const EVERYTHING = {}

export interface TenantPageProps {
  readonly tenant: string
  readonly time: TimeScope
}

export function TenantPage({ tenant, time }: TenantPageProps) {
  usePageTitle(tenant === '' ? 'No tenant' : tenant)
  const scope = tenantScope(tenant)
  const own = useQuery(overviewOptions(scope, time))
  const isSilent = own.data?.now.total === 0 && own.data.then.total === 0
  return (
    <div className="page">
      <PageHead
        time={time}
        title={
          <>
            <TenantMark tenant={tenant} size={22} />
            {tenant === '' ? 'No tenant' : <Text>{tenant}</Text>}
          </>
        }
      >
        <p className="tenant-links">
          <Link {...tenantsLink(time)} activeOptions={{ exact: true }}>
            Tenants
          </Link>
          <Share tenant={tenant} time={time} />
          <Link {...searchLink({ ...scope, ...time })}>Its traces</Link>
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
              <Link {...tenantsLink(time)} className="button">
                All tenants
              </Link>
            </>
          }
        >
          <p>Nor in the period before.</p>
        </Notice>
      ) : (
        <>
          <Overview scope={scope} time={time} />
          <div className="tenant-columns">
            <Users tenant={tenant} time={time} />
            {tenant !== '' && <Services tenant={tenant} time={time} />}
            {tenant !== '' && <Operations tenant={tenant} time={time} />}
            <div className="tenant-traces">
              <FewTraces
                title="Newest failures"
                none="None: no trace has an error."
                by="user"
                search={failedOf({ ...scope, ...time })}
              />
              <FewTraces
                title="Slowest traces"
                none="No trace."
                by="user"
                search={slowOf({ ...scope, ...time }, undefined)}
              />
            </div>
          </div>
        </>
      )}
    </div>
  )
}

/** Of all traces. */
function Share({ tenant, time }: TenantPageProps) {
  const own = useQuery(overviewOptions(tenantScope(tenant), time))
  const whole = useQuery(overviewOptions(EVERYTHING, time))
  if (own.data === undefined || whole.data === undefined || whole.data.now.total === 0) return undefined
  return (
    <span className="tenant-share">
      <strong>{formatShare(own.data.now.total / whole.data.now.total)}</strong> of all traces
      {own.data.now.errorTotal > 0 && whole.data.now.errorTotal > 0 && (
        <>
          , <strong>{formatShare(own.data.now.errorTotal / whole.data.now.errorTotal)}</strong> of those with
          errors
        </>
      )}
    </span>
  )
}

const USER_SORTS = [
  { sort: 'requests', name: 'Most requests' },
  { sort: 'withErrors', name: 'Most errors' },
  { sort: 'p95', name: 'Slowest' },
] as const satisfies readonly { readonly sort: UserSort; readonly name: string }[]

const FEW = 10

function Users({ tenant, time }: TenantPageProps) {
  const [sort, setSort] = useState<UserSort>('requests')
  const { data, error, refetch } = useQuery(usersOptions(tenant, time, sort, FEW))
  const period = data && { start: data.startMs, end: data.endMs }
  return (
    <section aria-label="Users">
      <div className="section-head">
        <h2>Users {data !== undefined && <span className="muted">{data.total.toLocaleString()}</span>}</h2>
        <fieldset className="choices">
          <legend className="visually-hidden">Users with</legend>
          {USER_SORTS.map(({ sort: value, name }) => (
            <label key={value}>
              <input
                type="radio"
                name="users"
                checked={sort === value}
                onChange={() => setSort(value)}
                className="visually-hidden"
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {error !== null && (
        <Failed title="Users could not be loaded" error={error} again={() => void refetch()} />
      )}
      {period !== undefined && (
        <StatTable
          label="Users"
          head={<Heads name="User" calls="Requests" failed="With errors" />}
          rows={userRows(data!.users)}
          name={(row) => <StatName row={row} to={userLink(tenant, row.name, time)} />}
          time={time}
          before={periodBefore(period)}
          minutes={(period.end - period.start + 1) / 60_000}
        />
      )}
    </section>
  )
}

function Services({ tenant, time }: TenantPageProps) {
  return (
    <Calls
      title="Services"
      one="Service"
      tenant={tenant}
      time={time}
      order={(a, b) => b.now.calls - a.now.calls}
    />
  )
}

/** By the 95th percentile, of what has been called more often than once or twice. */
function Operations({ tenant, time }: TenantPageProps) {
  return (
    <Calls
      title="Slowest operations"
      one="Operation"
      by="operation"
      tenant={tenant}
      time={time}
      order={(a, b) =>
        Number(b.now.calls >= ENOUGH) - Number(a.now.calls >= ENOUGH) || (b.now.p95 ?? 0) - (a.now.p95 ?? 0)
      }
    />
  )
}

/** Of fewer calls, a percentile is the longest of them. */
const ENOUGH = 5

interface CallsProps extends TenantPageProps {
  readonly title: string
  readonly one: string
  readonly by?: 'operation'
  readonly order: (a: StatRow, b: StatRow) => number
}

function Calls({ title, one, by, tenant, time, order }: CallsProps) {
  const question = { tenant, ...(by === undefined ? {} : { by }) }
  const { data, error, refetch } = useQuery(servicesOptions(time, question))
  const [all, setAll] = useState(false)
  const rows = data && serviceRows(data.now, data.then, { tenant }).toSorted(order)
  return (
    <section aria-label={title}>
      <div className="section-head">
        <h2>{title}</h2>
        {rows !== undefined && rows.length > FEW && (
          <button type="button" className="button quiet small" onClick={() => setAll(!all)}>
            {all ? 'Show fewer' : `Show all ${rows.length.toLocaleString()}`}
          </button>
        )}
      </div>
      {error !== null && (
        <Failed title={`${title} could not be loaded`} error={error} again={() => void refetch()} />
      )}
      {data !== undefined && rows !== undefined && (
        <StatTable
          label={title}
          head={<Heads name={one} calls="Calls" failed="Failed" />}
          rows={all ? rows : rows.slice(0, FEW)}
          name={(row) => <StatName row={row} to={searchLink({ ...row.scope, ...time })} />}
          time={time}
          before={data.before}
          minutes={(data.range.end - data.range.start + 1) / 60_000}
        />
      )}
    </section>
  )
}

interface HeadsProps {
  readonly name: string
  readonly calls: string
  readonly failed: string
}

function Heads({ name, calls, failed }: HeadsProps) {
  return (
    <>
      <th scope="col">{name}</th>
      <th scope="col" className="stat-spark">
        <span className="visually-hidden">Over time</span>
      </th>
      <th scope="col">{calls}</th>
      <th scope="col">{failed}</th>
      <th scope="col" title="95 % take at most so long">
        p95
      </th>
    </>
  )
}
