/** A SearchQuery from a query string: everything that a user can get wrong is told by the name of its parameter. */

import { parseDuration } from '../duration.ts'
import type { TraceFilter } from '../query/filter.ts'
import type { Query } from '../query/language/expression.ts'
import { parseQuery } from '../query/language/parse-query.ts'
import { QuerySyntaxError } from '../query/language/syntax-error.ts'
import type { SearchQuery } from './contract.ts'
import { badParameter } from './problem.ts'

export interface SearchParameters {
  readonly filter: TraceFilter
  readonly limit: number
}

const defaultLookback = 3_600_000
const defaultLimit = 50
const largestLimit = 1000
const longestText = 1024
const mostWords = 16
/** Of a JavaScript Date; the engine's nanoseconds reach to the year 2554. */
const latestMs = 8.64e15

const names = [
  'tenant',
  'user',
  'service',
  'operation',
  'status',
  'minDuration',
  'maxDuration',
  'text',
  'query',
  'start',
  'end',
  'lookback',
  'limit',
] as const satisfies readonly (keyof SearchQuery)[]

/** Throws ProblemError. `now` is in Unix milliseconds. */
export function searchParameters(given: unknown, now: number): SearchParameters {
  const values = singleValues(given)
  const { from, to } = timeRange(values, now)
  const minDuration = duration(values, 'minDuration')
  const maxDuration = duration(values, 'maxDuration')
  if (minDuration !== undefined && maxDuration !== undefined && minDuration > maxDuration) {
    throw badParameter('minDuration', 'longer than maxDuration')
  }
  return {
    filter: {
      from: nanos(from),
      // The whole of the last millisecond.
      to: nanos(to) + 999_999n,
      tenant: values.tenant,
      user: values.user,
      service: values.service,
      operation: values.operation,
      status: status(values),
      minDuration,
      maxDuration,
      words: words(values),
      query: query(values),
    },
    limit: limit(values),
  }
}

type Values = Partial<Record<(typeof names)[number], string>>

/** An empty value, as an empty form field sends it, counts as absent. */
function singleValues(query: unknown): Values {
  const values: Values = {}
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    const known = names.find((candidate) => candidate === name)
    if (known === undefined) throw badParameter(name, `unknown; there are ${names.join(', ')}`)
    if (typeof value !== 'string') throw badParameter(name, 'given more than once')
    if (value !== '') values[known] = value
  }
  return values
}

function timeRange(values: Values, now: number): { from: number; to: number } {
  const lookback = values.lookback === undefined ? undefined : parseDuration(values.lookback)
  if (values.lookback !== undefined && lookback === undefined) {
    throw badParameter('lookback', `${JSON.stringify(values.lookback)} is no duration such as 15m, 6h or 2d`)
  }
  const to = milliseconds(values, 'end') ?? now
  const length = lookback === undefined ? defaultLookback : Number(lookback / 1_000_000n)
  const from = milliseconds(values, 'start') ?? Math.max(0, to - length)
  if (from > to) throw badParameter('start', 'later than the end')
  return { from, to }
}

function milliseconds(values: Values, name: 'start' | 'end'): number | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  const number = Number(value)
  if (!/^\d+(\.\d+)?$/.test(value) || number > latestMs) {
    throw badParameter(name, `${JSON.stringify(value)} is no time in Unix milliseconds`)
  }
  return Math.floor(number)
}

/** Beyond what 64 bits hold, time ends. */
function nanos(ms: number): bigint {
  const value = BigInt(ms) * 1_000_000n
  return value > latestNanos ? latestNanos : value
}

const latestNanos = 2n ** 64n - 1_000_000n

function duration(values: Values, name: 'minDuration' | 'maxDuration'): bigint | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  const nanoseconds = parseDuration(value)
  if (nanoseconds === undefined) {
    throw badParameter(name, `${JSON.stringify(value)} is no duration such as 150ms, 1.5s or 2m`)
  }
  return nanoseconds
}

function status({ status }: Values): 'error' | 'ok' | undefined {
  if (status === undefined || status === 'error' || status === 'ok') return status
  throw badParameter('status', `${JSON.stringify(status)} is neither error nor ok`)
}

function words({ text = '' }: Values): string[] | undefined {
  if (text.length > longestText) throw badParameter('text', `longer than ${longestText} characters`)
  const found = text.split(/\s+/).filter((word) => word !== '')
  if (found.length > mostWords) throw badParameter('text', `more than ${mostWords} words`)
  return found.length === 0 ? undefined : found
}

function query({ query }: Values): Query | undefined {
  if (query === undefined) return undefined
  try {
    return parseQuery(query)
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error
    const { column, length } = error
    throw badParameter('query', `${error.message} (column ${column})`, { column, length })
  }
}

function limit({ limit }: Values): number {
  if (limit === undefined) return defaultLimit
  const number = Number(limit)
  if (!/^\d{1,5}$/.test(limit) || number < 1 || number > largestLimit) {
    throw badParameter('limit', `${JSON.stringify(limit)} is no number from 1 to ${largestLimit}`)
  }
  return number
}
