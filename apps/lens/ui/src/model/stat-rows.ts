/**
 * Rows of the tables by service, operation, tenant and user: what each was and is, what of it has changed, and which search finds the traces
 * behind each number. Called by the pages that draw such tables.
 */
import type {
  RequestStatisticsView,
  ServiceStatistics,
  ServicesResponse,
  TenantStatistics,
  UserStatistics,
} from 'rustok-lens/contract'
import { type Change, changesBetween, dispersionOf, isNotable, type PeriodMeasures } from './changes.ts'
import { CALLS, failedOf, narrowed, REQUESTS, type Scope, slowOf, tenantScope, userScope } from './scope.ts'
import type { SearchState } from './search-state.ts'
import type { Period, TimeScope } from './time-scope.ts'

export interface StatRow {
  readonly key: string
  readonly kind: 'service' | 'operation' | 'tenant' | 'user'
  readonly name: string
  readonly scope: Scope
  /** What a span must be to count here: its duration, and, of a service's calls, its failure. */
  readonly own: string
  readonly now: PeriodMeasures
  readonly before: PeriodMeasures
  /** Calls or requests over time. */
  readonly series: readonly number[]
  /** The most important first. */
  readonly changes: readonly Change[]
}

export function serviceRows(
  now: ServicesResponse,
  before: ServicesResponse,
  scope: Scope = {},
): readonly StatRow[] {
  const key = ({ service, operation }: ServiceStatistics) => `${service}\n${operation}`
  const earlier = new Map(before.services.map((one) => [key(one), one]))
  const current = new Map(now.services.map((one) => [key(one), one]))
  return [...new Set([...current.keys(), ...earlier.keys()])].map((id) => {
    const [one, old] = [current.get(id), earlier.get(id)]
    const { service, operation } = (one ?? old)!
    const series = one?.series.map(({ calls }) => calls) ?? []
    return row(
      {
        key: id,
        kind: operation === '' ? 'service' : 'operation',
        name: operation === '' ? service : operation,
        scope: { ...scope, service, ...(operation === '' ? {} : { operation }) },
        own: CALLS,
        series,
      },
      callMeasures(one),
      callMeasures(old),
    )
  })
}

export function tenantRows(tenants: readonly TenantStatistics[]): readonly StatRow[] {
  return tenants.map((one) =>
    requestRow(one, { key: one.tenant, kind: 'tenant', name: one.tenant, scope: tenantScope(one.tenant) }),
  )
}

export function userRows(users: readonly UserStatistics[]): readonly StatRow[] {
  return users.map((one) =>
    requestRow(one, {
      key: `${one.tenant}\n${one.user}`,
      kind: 'user',
      name: one.user,
      scope: userScope(one.tenant, one.user),
    }),
  )
}

function requestRow(
  one: RequestStatisticsView,
  about: Pick<StatRow, 'key' | 'kind' | 'name' | 'scope'>,
): StatRow {
  return row(
    { ...about, own: REQUESTS, series: one.series },
    requestMeasures(one),
    requestMeasures(one.previous),
  )
}

function row(
  about: Omit<StatRow, 'now' | 'before' | 'changes'>,
  now: PeriodMeasures,
  before: PeriodMeasures,
): StatRow {
  return { ...about, now, before, changes: changesBetween(now, before, dispersionOf(about.series)) }
}

/** Failed are the calls that did. */
function callMeasures(one: ServiceStatistics | undefined): PeriodMeasures {
  return {
    calls: one?.calls ?? 0,
    failed: one?.failed ?? 0,
    p50: one?.p50DurationNano ?? null,
    p95: one?.p95DurationNano ?? null,
    p99: one?.p99DurationNano ?? null,
  }
}

/** Failed are requests with an error in any span, which is what the search finds by `status=error`. */
function requestMeasures(one: RequestStatisticsView | RequestStatisticsView['previous']): PeriodMeasures {
  return {
    calls: one.requests,
    failed: one.withErrors,
    p50: one.p50DurationNano,
    p95: one.p95DurationNano,
    p99: one.p99DurationNano,
  }
}

/** What has changed most on top, then whoever is busiest. */
export function byImportance(rows: readonly StatRow[]): readonly StatRow[] {
  const byCalls = rows.toSorted((a, b) => b.now.calls - a.now.calls)
  // Where nothing was before, all is new, and none of it news.
  if (rows.every(({ before }) => before.calls === 0)) return byCalls
  return byCalls.toSorted((a, b) => importanceOf(b) - importanceOf(a))
}

/** What may well be chance says nothing. */
function importanceOf({ changes }: StatRow): number {
  return changes.find(isNotable)?.score ?? 0
}

export interface RowSearches {
  readonly all: SearchState
  readonly failed: SearchState
  readonly slow: SearchState
}

/** The traces behind a row's numbers, of this period or of the one before. */
export function searchesOf(
  { kind, scope, own }: Pick<StatRow, 'kind' | 'scope' | 'own'>,
  { p95 }: PeriodMeasures,
  time: TimeScope | Period,
): RowSearches {
  const counted = narrowed(scope, own)
  return {
    all: { ...scope, ...time },
    // A call fails by itself; a request has an error wherever in its trace there is one.
    failed: failedOf({ ...(kind === 'tenant' || kind === 'user' ? scope : counted), ...time }),
    slow: slowOf({ ...counted, ...time }, p95),
  }
}
