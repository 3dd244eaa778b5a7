/** How many traces, how many with errors, and how long they took: now, over time, and against the period before. Each number leads to its traces. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { LatencyResponse } from 'rustok-lens/contract'
import { type Overview as Answer, overviewOptions } from '../api/statistics.ts'
import { formatCount, formatRate, formatShare } from '../model/amounts.ts'
import { type Aspect, changesBetween, dispersionOf, type PeriodMeasures } from '../model/changes.ts'
import { formatDuration } from '../model/duration.ts'
import { searchLink } from '../model/links.ts'
import { failedOf, type Scope, slowOf } from '../model/scope.ts'
import type { SearchState } from '../model/search-state.ts'
import type { TimeScope } from '../model/time-scope.ts'
import { trendOf } from '../model/trend.ts'
import { Delta } from '../ui/Delta.tsx'
import { Failed } from '../ui/Failed.tsx'
import { useNow } from '../ui/use-now.ts'
import { TrendChart } from './TrendChart.tsx'
import './Overview.css'

export interface OverviewProps {
  readonly scope: Scope
  readonly time: TimeScope
}

export function Overview({ scope, time }: OverviewProps) {
  const { data, error, isError, refetch } = useQuery(overviewOptions(scope, time))
  if (isError) return <Failed title="The overview failed" error={error} again={() => void refetch()} />
  if (data === undefined)
    return (
      <div className="home-overview overview-pending muted" role="status">
        Counting…
      </div>
    )
  return <Figures data={data} scope={scope} time={time} />
}

function Figures({ data, scope, time }: OverviewProps & { readonly data: Answer }) {
  const now = useNow(30_000)
  const navigate = useNavigate()
  const trend = trendOf(data.heatmap, data.range)
  const minutes = (data.range.end - data.range.start + 1) / 60_000
  const perBucket = 60_000 / trend.bucketMs
  const [current, earlier] = [measuresOf(data.now), measuresOf(data.then)]
  const changes = changesBetween(current, earlier, dispersionOf(trend.counts))
  const about = data.now.sample.oneIn > 1 ? '≈ ' : ''
  const here: SearchState = { ...scope, ...time }
  const then: SearchState = { ...scope, ...data.before }
  const choose = (search: (scope: SearchState) => SearchState) => (start: number, end: number) =>
    void navigate(searchLink(search({ ...scope, start, end })))
  // Where nothing was before, there is nothing to say.
  const compared = data.then.total > 0
  const delta = (aspect: Aspect, search: SearchState) => (
    <Delta
      change={compared ? changes.find((change) => change.aspect === aspect) : undefined}
      minutes={minutes}
      search={search}
      always
    />
  )
  const most = Math.max(...trend.counts)
  const worst = Math.max(...trend.errors)
  const slowest = Math.max(0, ...trend.p95.map((value) => value ?? 0))
  const line = { startMs: trend.startMs, bucketMs: trend.bucketMs, now }
  return (
    <div className="home-overview">
      <Figure
        name="Traces"
        value={<Link {...searchLink(here)}>{about + formatCount(data.now.total)}</Link>}
        beside={formatRate(data.now.total / minutes)}
        delta={delta('rate', then)}
      >
        <TrendChart
          {...line}
          label={`Traces over time, at most ${formatRate(most * perBucket)}`}
          values={trend.counts}
          failed={trend.errors}
          shape="bars"
          format={(value, at) =>
            `${formatRate(value * perBucket)}${at >= 0 && trend.errors[at]! > 0 ? `, ${formatCount(trend.errors[at]!)} with errors` : ''}`
          }
          choose={choose((search) => search)}
        />
      </Figure>
      <Figure
        name="With errors"
        value={
          <Link {...searchLink(failedOf(here))}>
            {formatShare(data.now.total === 0 ? null : data.now.errorTotal / data.now.total)}
          </Link>
        }
        beside={`${about}${formatCount(data.now.errorTotal)} ${data.now.errorTotal === 1 ? 'trace' : 'traces'}`}
        delta={delta('errors', failedOf(then))}
      >
        <TrendChart
          {...line}
          label={`Traces with errors over time, at most ${formatRate(worst * perBucket)}`}
          values={trend.errors}
          failed={trend.errors}
          shape="bars"
          format={(value) => formatRate(value * perBucket)}
          choose={choose(failedOf)}
        />
      </Figure>
      <Figure
        name="95 % take at most"
        value={
          data.now.percentiles === undefined ? (
            '–'
          ) : (
            <Link {...searchLink(slowOf(here, data.now.percentiles.p95))}>
              {formatDuration(data.now.percentiles.p95)}
            </Link>
          )
        }
        beside={
          data.now.percentiles === undefined ? undefined : (
            <>
              half{' '}
              <Link {...searchLink(slowOf(here, data.now.percentiles.p50))}>
                {formatDuration(data.now.percentiles.p50)}
              </Link>
              , 99 %{' '}
              <Link {...searchLink(slowOf(here, data.now.percentiles.p99))}>
                {formatDuration(data.now.percentiles.p99)}
              </Link>
            </>
          )
        }
        delta={delta('duration', slowOf(then, data.then.percentiles?.p95))}
      >
        <TrendChart
          {...line}
          label={`95th percentile of the duration over time, at most ${formatDuration(slowest)}`}
          values={trend.p95}
          shape="line"
          format={(value) => formatDuration(value)}
          choose={choose((search) => slowOf(search, undefined))}
        />
      </Figure>
    </div>
  )
}

interface FigureProps {
  readonly name: string
  readonly value: ReactNode
  readonly beside: ReactNode
  readonly delta: ReactNode
  readonly children: ReactNode
}

function Figure({ name, value, beside, delta, children }: FigureProps) {
  return (
    <section className="figure" aria-label={name}>
      <h2>{name}</h2>
      <p className="figure-numbers">
        <span className="figure-value">{value}</span>
        <span className="muted">{beside}</span>
        {delta}
      </p>
      {children}
    </section>
  )
}

function measuresOf({ total, errorTotal, percentiles }: LatencyResponse): PeriodMeasures {
  return {
    calls: total,
    failed: errorTotal,
    p50: percentiles?.p50 ?? null,
    p95: percentiles?.p95 ?? null,
    p99: percentiles?.p99 ?? null,
  }
}
