/** A ServicesQuery or a DependenciesQuery from a query string. */

import { bucketSize } from '../../query/histogram.ts'
import type { RedQuestion } from '../../query/red-metrics.ts'
import { badParameter } from '../problem.ts'
import { searchParameters } from '../search-parameters.ts'
import { takeParameters } from './own-parameters.ts'

const rangeNames = ['start', 'end', 'lookback', 'tenant']

export interface Period {
  /** Unix milliseconds, both within it. */
  readonly startMs: number
  readonly endMs: number
  readonly minutes: number
  readonly bucketMs: number
  readonly buckets: number
}

export interface AskedPeriod {
  readonly from: bigint
  readonly to: bigint
  readonly tenant: string | undefined
  readonly period: Period
}

/** Throws ProblemError. `now` is in Unix milliseconds. */
export function servicesQuestion(
  query: unknown,
  now: number,
): { readonly question: RedQuestion; readonly period: Period; readonly limit: number } {
  const { own, rest } = takeParameters(query, ['by'])
  const { filter, limit, from, to, tenant, period } = asked(rest, [...rangeNames, 'service', 'limit'], now)
  if (own.by !== undefined && own.by !== 'service' && own.by !== 'operation') {
    throw badParameter('by', `${JSON.stringify(own.by)} is neither service nor operation`)
  }
  const step = BigInt(period.bucketMs) * 1_000_000n
  return {
    question: {
      services: filter.service === undefined ? undefined : [filter.service],
      tenant,
      calls: 'entries',
      byOperation: own.by === 'operation',
      cells: { origin: from, end: to + 1n, step, split: 0n },
    },
    period,
    limit,
  }
}

/** Throws ProblemError. */
export function periodOf(query: unknown, now: number): AskedPeriod {
  return asked(query as Record<string, unknown>, rangeNames, now)
}

function asked(query: Readonly<Record<string, unknown>>, names: readonly string[], now: number) {
  for (const name of Object.keys(query)) {
    if (!names.includes(name)) throw badParameter(name, `unknown; there are ${names.join(', ')}`)
  }
  const { filter, limit } = searchParameters(query, now)
  const { from, tenant } = filter
  // Later than an Int64 of nanoseconds reaches, nobody has spans to count.
  const to = filter.to < latest ? filter.to : latest
  if (from > to) throw badParameter('start', 'later than the year 2262')
  const length = to + 1n - from
  const bucketMs = bucketSize(Number(length / 1_000_000n))
  const period: Period = {
    startMs: Number(from / 1_000_000n),
    endMs: Number(to / 1_000_000n),
    minutes: Number(length) / 60e9,
    bucketMs,
    buckets: Math.ceil(Number(length / 1_000_000n) / bucketMs),
  }
  return { filter, limit, from, to, tenant, period }
}

const latest = 2n ** 63n - 2n
