/**
 * Who uses the platform, and how it treats them: GET /api/lens/tenants and GET /api/lens/users.
 *
 * A request is what one trace holds of one tenant; in the list of users, what it holds of one user in a tenant. It began with the earliest of those
 * spans. Its entry span is the one without a parent if it is among them, else the earliest that a server or a consumer made, else the
 * earliest of all; the request's duration is that span's, and it failed if that span did. Spans without a tenant (or user) are listed under ''.
 */

/** The time range is told as in a search: `start` and `end`, or `lookback` (default 1 h). */
export interface TenantsQuery {
  /** Unix milliseconds. */
  readonly start?: number
  readonly end?: number
  /** As `15m`, `6h`, `2d`. */
  readonly lookback?: string
  /** Occurs in the name, in any case. */
  readonly contains?: string
  /** Default `requests`. What has no value comes last in either order. */
  readonly sort?: TenantsSort
  /** Default `desc`; for names `asc`. */
  readonly order?: 'asc' | 'desc'
  /** 1 to 1000, default 50. */
  readonly limit?: number
  /** Rows left out before the first; 0 to 1,000,000. */
  readonly offset?: number
}

export type TenantsSort =
  | 'tenant'
  | 'requests'
  | 'failed'
  | 'failedShare'
  | 'withErrors'
  | 'p50'
  | 'p95'
  | 'p99'
  | 'spans'
  | 'users'
  | 'first'
  | 'last'
  | 'requestsChange'
  | 'failedShareChange'
  | 'p95Change'

/** GET /api/lens/users. `contains` is about the user's name. */
export interface UsersQuery extends Omit<TenantsQuery, 'sort'> {
  /** Users of this tenant; without it, of all tenants. */
  readonly tenant?: string
  /** `true`: users on spans without a tenant. Not together with `tenant`. */
  readonly noTenant?: 'true'
  readonly sort?: Exclude<TenantsSort, 'users'> | 'user'
}

export interface TenantsResponse extends RequestPeriod {
  readonly tenants: readonly TenantStatistics[]
  /** How many tenants there are (with '' as one), of which `tenants` is a page. */
  readonly total: number
}

export interface UsersResponse extends RequestPeriod {
  readonly users: readonly UserStatistics[]
  /** How many users there are (with '' as one in each tenant), of which `users` is a page. */
  readonly total: number
}

export interface RequestPeriod {
  /** Unix milliseconds; both are within the period. The one before is as long and ends where this one begins. */
  readonly startMs: number
  readonly endMs: number
  /** Of all tenants or users in `total`. */
  readonly requests: number
  readonly failed: number
  readonly bucketMs: number
}

export interface TenantStatistics extends RequestStatisticsView {
  /** '' for spans without one. */
  readonly tenant: string
  /** Distinct users. */
  readonly users: number
}

export interface UserStatistics extends RequestStatisticsView {
  readonly tenant: string
  /** '' for spans without one. */
  readonly user: string
}

/** Whoever had requests in either period is listed; whoever fell silent has 0 in this one. */
export interface RequestStatisticsView extends PeriodStatistics {
  /** Exact up to some 10,000, and within 1% beyond. */
  readonly spans: number
  readonly failedSpans: number
  /** When the first and the last request of the period began; null without one. */
  readonly firstUnixNano: string | null
  readonly lastUnixNano: string | null
  /** Requests that began in each bucket of `bucketMs`, from the one that `startMs` is in (buckets begin at multiples of their size). */
  readonly series: readonly number[]
  /** The period before. */
  readonly previous: PeriodStatistics
  readonly change: {
    /** Relative: 0.5 for half as many again, -1 for none left; null when there was none before. */
    readonly requests: number | null
    /** Difference of the shares, -1 to 1; null when there was no request in either period. */
    readonly failedShare: number | null
    /** Relative, as `requests`. */
    readonly p95: number | null
  }
}

export interface PeriodStatistics {
  readonly requests: number
  readonly requestsPerMinute: number
  readonly failed: number
  /** failed / requests, 0 to 1; null without a request. */
  readonly failedShare: number | null
  /** Requests of which some span failed, which is what `status=error` finds; at least `failed`. */
  readonly withErrors: number
  /** Nearest rank; null without a request. */
  readonly p50DurationNano: number | null
  readonly p95DurationNano: number | null
  readonly p99DurationNano: number | null
}
