/**
 * How the platform is, and what has changed: the page that one opens first. What changed most stands on top, by service and by tenant; every number
 * is a link to the traces behind it. Without a trace it shows how to send one.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { newestTraceOptions } from '../api/queries.ts'
import { overviewOptions, servicesOptions, topTenantsOptions } from '../api/statistics.ts'
import { homeLink } from '../model/links.ts'
import { failedOf, slowOf } from '../model/scope.ts'
import { rangeInWords, rangeReaching } from '../model/search-state.ts'
import { serviceRows, tenantRows } from '../model/stat-rows.ts'
import { formatAgo, unixMillis } from '../model/time.ts'
import { periodBefore, type TimeScope, timeScope } from '../model/time-scope.ts'
import { FirstTrace } from '../search/FirstTrace.tsx'
import { Notice } from '../search/Notice.tsx'
import { PageHead } from '../ui/PageHead.tsx'
import { useNow } from '../ui/use-now.ts'
import { usePageTitle } from '../ui/use-page-title.ts'
import { Breakdown } from './Breakdown.tsx'
import { FewTraces } from './FewTraces.tsx'
import { Movers } from './Movers.tsx'
import { Overview } from './Overview.tsx'
import './HomePage.css'

const EVERYTHING = {}

export function HomePage({ time }: { readonly time: TimeScope }) {
  usePageTitle('Home')
  const overview = useQuery(overviewOptions(EVERYTHING, time))
  const isEmpty = overview.data?.now.total === 0
  const words = rangeInWords(time)
  return (
    <div className="page">
      <PageHead title="Home" time={time}>
        <p>{words.replace(/^./, (first) => first.toUpperCase())}, against the period before it</p>
      </PageHead>
      {isEmpty ? <Nothing time={time} /> : <Everything time={time} />}
    </div>
  )
}

function Everything({ time }: { readonly time: TimeScope }) {
  const overview = useQuery(overviewOptions(EVERYTHING, time))
  const services = useQuery(servicesOptions(time))
  const tenants = useQuery(topTenantsOptions(time))
  const byService = services.data && serviceRows(services.data.now, services.data.then)
  const byTenant = tenants.data && tenantRows(tenants.data.tenants)
  const periods = services.data
  const isAnswered = !overview.isPending && !services.isPending && !tenants.isPending
  const all = overview.data && { before: overview.data.then.total, now: overview.data.now.total }
  return (
    <>
      <Overview scope={EVERYTHING} time={time} />
      <Movers rows={[...(byService ?? []), ...(byTenant ?? [])]} time={time} all={all} periods={periods} />
      <div className="home-columns">
        <Breakdown
          title="Services"
          of="service"
          rows={byService}
          total={services.data?.now.total}
          time={time}
          period={services.data?.range}
          before={services.data?.before}
          failure={services.error}
          again={() => void services.refetch()}
        />
        <Breakdown
          title="Tenants"
          of="tenant"
          rows={byTenant}
          total={tenants.data?.total}
          time={time}
          period={tenants.data && { start: tenants.data.startMs, end: tenants.data.endMs }}
          before={tenants.data && periodBefore({ start: tenants.data.startMs, end: tenants.data.endMs })}
          failure={tenants.error}
          again={() => void tenants.refetch()}
        />
        <FewTraces
          title="Newest failures"
          none="None: no trace has an error."
          search={failedOf({ ...time })}
          isDue={isAnswered}
        />
        <FewTraces
          title="Slowest traces"
          none="No trace."
          search={slowOf({ ...time }, undefined)}
          isDue={isAnswered}
        />
      </div>
    </>
  )
}

/** Watches the store: is it empty, or the time one without traces? */
function Nothing({ time }: { readonly time: TimeScope }) {
  const now = useNow(10_000)
  const client = useQueryClient()
  const newest = useQuery(newestTraceOptions(true))
  const newestId = newest.data?.traces[0]?.traceId
  useEffect(() => {
    // Whatever was answered before it came, of services and tenants too, was of nothing.
    if (newestId !== undefined) void client.invalidateQueries()
  }, [newestId, client])
  if (newest.isPending) return undefined
  const trace = newest.data?.traces[0]
  if (trace === undefined && !newest.isError) return <FirstTrace />
  const at = trace === undefined ? undefined : unixMillis(trace.startUnixNano)
  return (
    <Notice
      icon="search"
      title={`No traces in ${rangeInWords(time)}`}
      actions={
        at !== undefined && (
          <Link {...homeLink(timeScope({ ...rangeReaching(at, now) }))} className="button primary">
            Go to the newest traces
          </Link>
        )
      }
    >
      <p>
        {at === undefined
          ? 'Nothing at all is stored for it.'
          : `The newest trace of all was ${formatAgo(at, now)}. Is your service still sending?`}
      </p>
    </Notice>
  )
}
