/**
 * Requests of tenants or of users: how many, how many failed, how long they took, and what that was in the period before. What the lists of
 * tenants and of users answer from.
 *
 * A request is what one trace holds of one tenant (or of one user in a tenant). It began with the earliest of those spans, and is what its entry span
 * says: the one without a parent if it is among them, else the earliest that a server or a consumer made, else the earliest.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'

export interface RequestQuestion {
  readonly by: 'tenant' | 'user'
  /** Unix nanoseconds, both inclusive. The period before is as long and ends where this one begins. */
  readonly from: bigint
  readonly to: bigint
  /** Users of one tenant, or one tenant alone; '' for spans without one, undefined for all. */
  readonly tenant: string | undefined
  /** Occurs in the tenant's (or the user's) name, in any case. */
  readonly contains: string | undefined
  readonly sort: RequestSort
  readonly order: 'asc' | 'desc'
  readonly limit: number
  readonly offset: number
  /** Nanoseconds; `series` begins with the one that `from` is in. */
  readonly bucket: bigint
}

export type RequestSort = keyof typeof sortColumns

export interface RequestStatistics {
  readonly rows: readonly RequestRow[]
  /** How many there are, of which `rows` is a page. */
  readonly total: number
  /** Of all of them. */
  readonly requests: number
  readonly failed: number
}

export interface RequestRow {
  readonly tenant: string
  /** '' when tenants are asked for, or for spans without one. */
  readonly user: string
  readonly now: PeriodRow
  readonly before: PeriodRow
  /** Distinct, in this period. Spans are exact up to some 10,000, and within 1% beyond. */
  readonly spans: number
  readonly failedSpans: number
  readonly users: number
  /** When the first and the last request of this period began; undefined without one. */
  readonly first: bigint | undefined
  readonly last: bigint | undefined
  /** Requests that began, by the number of the bucket; those without one are left out. */
  readonly series: ReadonlyMap<number, number>
}

export interface PeriodRow {
  readonly requests: number
  /** Whose entry span failed. */
  readonly failed: number
  /** Of which any span failed. */
  readonly withErrors: number
  /** 50, 95 and 99%, nearest rank, in nanoseconds; zeros without a request. */
  readonly durations: readonly [number, number, number]
}

interface Row {
  readonly tenant: string
  readonly user: string
  readonly requests: string
  readonly requestsBefore: string
  readonly failed: string
  readonly failedBefore: string
  readonly withErrors: string
  readonly withErrorsBefore: string
  readonly durations: readonly string[]
  readonly durationsBefore: readonly string[]
  readonly first: string
  readonly last: string
  readonly series: Readonly<Record<string, string>>
  readonly spans: string
  readonly failedSpans: string
  readonly users: string
  readonly allRequests: string
  readonly allFailed: string
}

/** Whatever has no value, such as the change of what was not there before, comes last in either order. */
const sortColumns = {
  tenant: 'tenant',
  user: 'user',
  requests: 'requests',
  failed: 'failed',
  failedShare: 'failed / nullIf(requests, 0)',
  withErrors: 'withErrors',
  p50: 'if(requests = 0, NULL, durations[1])',
  p95: 'if(requests = 0, NULL, durations[2])',
  p99: 'if(requests = 0, NULL, durations[3])',
  spans: 'spans',
  users: 'users',
  first: 'if(requests = 0, NULL, first)',
  last: 'if(requests = 0, NULL, last)',
  requestsChange: 'requests / nullIf(requestsBefore, 0)',
  failedShareChange: 'failed / nullIf(requests, 0) - failedBefore / nullIf(requestsBefore, 0)',
  p95Change: 'if(requests = 0, NULL, durations[2] / nullIf(durationsBefore[2], 0))',
} as const

export const requestSorts = Object.keys(sortColumns) as readonly RequestSort[]

export async function requestStatistics(
  engine: StoreEngine,
  question: RequestQuestion,
  options?: QueryOptions,
): Promise<RequestStatistics> {
  const { by, from, to, tenant, contains, sort, order, limit, offset, bucket } = question
  const { rows, rowsBeforeLimit } = await engine.query<Row>(
    `SELECT *, sum(requests) OVER () AS allRequests, sum(failed) OVER () AS allFailed
     FROM (${requestsOf(question)}) AS counted LEFT JOIN (${spansOf(question)}) AS whole USING (${keyOf(by)})
     ORDER BY ${sortColumns[sort]} ${order} NULLS LAST, ${keyOf(by)} LIMIT {limit:UInt32} OFFSET {offset:UInt32}`,
    {
      from,
      to,
      before: from - (to - from) - 1n < 0n ? 0n : from - (to - from) - 1n,
      bucket,
      limit,
      offset,
      ...(tenant === undefined ? {} : { tenant }),
      ...(contains === undefined ? {} : { contains }),
    },
    options,
  )
  // Totals stand on each row; beyond the last page there is none.
  if (rows.length === 0 && offset > 0) {
    const start = await requestStatistics(engine, { ...question, offset: 0, limit: 1 }, options)
    return { ...start, rows: [] }
  }
  const [first] = rows
  return {
    rows: rows.map((row) => requestRow(row, by, from / bucket)),
    total: rowsBeforeLimit,
    requests: Number(first?.allRequests ?? 0),
    failed: Number(first?.allFailed ?? 0),
  }
}

function keyOf(by: RequestQuestion['by']): string {
  return by === 'tenant' ? 'tenant' : 'tenant, user'
}

function conditions({ by, tenant, contains }: RequestQuestion): string {
  return [
    tenant === undefined ? '' : ' AND tenant = {tenant:String}',
    contains === undefined ? '' : ` AND positionCaseInsensitiveUTF8(${by}, {contains:String}) > 0`,
  ].join('')
}

/** One scan of both periods. What is as small as a number is kept in one: an aggregate of tuples takes three times as long. */
function requestsOf(question: RequestQuestion): string {
  const key = keyOf(question.by)
  return `
    SELECT ${key}, countIf(is_now) AS requests, countIf(NOT is_now) AS requestsBefore,
      countIf(is_now AND entry % 2 = 1) AS failed, countIf(NOT is_now AND entry % 2 = 1) AS failedBefore,
      countIf(is_now AND has_error) AS withErrors, countIf(NOT is_now AND has_error) AS withErrorsBefore,
      quantilesExactIf(0.5, 0.95, 0.99)(intDiv(entry, 2), is_now) AS durations,
      quantilesExactIf(0.5, 0.95, 0.99)(intDiv(entry, 2), NOT is_now) AS durationsBefore,
      minIf(began, is_now) AS first, maxIf(began, is_now) AS last,
      sumMapIf(map(intDiv(began, {bucket:UInt64}), 1), is_now) AS series
    FROM (
      SELECT ${key}, min(start) AS began, began >= {from:UInt64} AS is_now, max(status = 2) AS has_error,
        argMin(toUInt64(greatest(duration, 0)) * 2 + (status = 2), ${entryRank}) AS entry
      FROM spans WHERE start >= {before:UInt64} AND start <= {to:UInt64}${conditions(question)}
      GROUP BY ${key}, trace_id
    ) GROUP BY ${key}`
}

/** Lowest for the entry span. The two upper bits outrank the time, which loses four nanoseconds to them. */
const entryRank = `bitShiftRight(start, 2) + if(parent_span_id = toFixedString('', 8), 0, 9223372036854775808)
  + if(kind IN (2, 5), 0, 4611686018427387904)`

/**
 * Counts that a span stored twice must not double, by a hash of its ids: exact while they are few, then estimates in bounded memory, which exact ones
 * of ten million spans are not.
 */
function spansOf(question: RequestQuestion): string {
  const key = keyOf(question.by)
  return `
    SELECT ${key}, uniqCombined64(17)(cityHash64(trace_id, span_id)) AS spans,
      uniqCombined64If(17)(cityHash64(trace_id, span_id), status = 2) AS failedSpans, uniqExactIf(user, user != '') AS users
    FROM spans WHERE start >= {from:UInt64} AND start <= {to:UInt64}${conditions(question)} GROUP BY ${key}`
}

function requestRow(row: Row, by: RequestQuestion['by'], firstBucket: bigint): RequestRow {
  const isThere = row.requests !== '0'
  return {
    tenant: row.tenant,
    user: by === 'tenant' ? '' : row.user,
    now: periodRow(row.requests, row.failed, row.withErrors, row.durations),
    before: periodRow(row.requestsBefore, row.failedBefore, row.withErrorsBefore, row.durationsBefore),
    spans: Number(row.spans),
    failedSpans: Number(row.failedSpans),
    users: Number(row.users),
    first: isThere ? BigInt(row.first) : undefined,
    last: isThere ? BigInt(row.last) : undefined,
    series: new Map(
      Object.entries(row.series).map(([bucket, count]) => [
        Number(BigInt(bucket) - firstBucket),
        Number(count),
      ]),
    ),
  }
}

function periodRow(
  requests: string,
  failed: string,
  withErrors: string,
  durations: readonly string[],
): PeriodRow {
  const [p50 = 0, p95 = 0, p99 = 0] = durations.map(Number)
  return {
    requests: Number(requests),
    failed: Number(failed),
    withErrors: Number(withErrors),
    durations: requests === '0' ? [0, 0, 0] : [p50, p95, p99],
  }
}
