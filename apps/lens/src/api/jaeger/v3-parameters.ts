/** The query strings of Jaeger's v3 API: camelCase names, and the older ones in snake_case that are still sent. */

import type { TraceFilter } from '../../query/filter.ts'
import { JaegerError } from './envelope.ts'
import {
  type Complaint,
  clampNanos,
  defaultLimit,
  one,
  parseBoolean,
  parseGoDuration,
  parseLimit,
  parseStrings,
  type Query,
  tagFilters,
} from './parameters.ts'
import { parseRfc3339 } from './rfc3339.ts'
import { parseKind } from './span-kinds.ts'

export interface V3Search {
  readonly filter: TraceFilter
  readonly limit: number
  readonly raw: boolean
}

export interface V3TraceParameters {
  readonly from: bigint | undefined
  readonly to: bigint | undefined
  readonly raw: boolean
}

export const malformed: Complaint = (name, why) => new JaegerError(400, `malformed parameter ${name}: ${why}`)

/** Of GET /api/v3/traces and /api/v3/trace-summaries. Throws JaegerError. */
export function v3Search(query: Query): V3Search {
  const from = time(query, 'query.startTimeMin', 'query.start_time_min')
  const to = time(query, 'query.startTimeMax', 'query.start_time_max')
  if (from === undefined || to === undefined) {
    throw new JaegerError(400, 'query.startTimeMin and query.startTimeMax are required')
  }
  if (from >= to) throw new JaegerError(400, 'query.startTimeMin must be before query.startTimeMax')
  const minDuration = duration(query, 'query.durationMin', 'query.duration_min')
  const maxDuration = duration(query, 'query.durationMax', 'query.duration_max')
  if (minDuration !== undefined && maxDuration !== undefined && minDuration > maxDuration) {
    throw new JaegerError(400, 'query.durationMin must not be longer than query.durationMax')
  }
  if (one(query, 'query.filter') !== undefined) {
    // To leave a condition out would be to answer with what nobody asked for.
    throw new JaegerError(400, 'the structured query filter is not supported: use query.attributes')
  }
  return {
    filter: {
      from: clampNanos(from),
      to: clampNanos(to),
      service: named(query, 'query.serviceName', 'query.service_name')?.value,
      operation: named(query, 'query.operationName', 'query.operation_name')?.value,
      minDuration,
      maxDuration,
      durationOf: 'each',
      ...tagFilters(attributes(query)),
    },
    limit: limit(query),
    raw: boolean(query, 'query.rawTraces', 'query.raw_traces'),
  }
}

/** Of GET /api/v3/traces/{traceId}. Throws JaegerError. */
export function v3TraceParameters(query: Query): V3TraceParameters {
  const from = time(query, 'startTime', 'start_time')
  const to = time(query, 'endTime', 'end_time')
  return {
    from: from === undefined ? undefined : clampNanos(from),
    to: to === undefined ? undefined : clampNanos(to),
    raw: boolean(query, 'rawTraces', 'raw_traces'),
  }
}

export function v3SpanKind(query: Query): number | undefined {
  const given = named(query, 'spanKind', 'span_kind')
  return given === undefined ? undefined : parseKind(given.name, given.value, malformed)
}

interface Named {
  readonly name: string
  readonly value: string
}

/** By the first of the names that has a value. */
function named(query: Query, ...names: readonly string[]): Named | undefined {
  for (const name of names) {
    const value = one(query, name)
    if (value !== undefined) return { name, value }
  }
  return undefined
}

function time(query: Query, ...names: readonly string[]): bigint | undefined {
  const given = named(query, ...names)
  if (given === undefined) return undefined
  const nanos = parseRfc3339(given.value)
  if (nanos === undefined) {
    throw malformed(given.name, `${JSON.stringify(given.value)} is not a time as RFC 3339 writes it`)
  }
  return nanos
}

/** 0 is no bound. */
function duration(query: Query, ...names: readonly string[]): bigint | undefined {
  const given = named(query, ...names)
  if (given === undefined) return undefined
  const nanos = parseGoDuration(given.name, given.value, malformed)
  return nanos === 0n ? undefined : nanos
}

function boolean(query: Query, ...names: readonly string[]): boolean {
  const given = named(query, ...names)
  return given !== undefined && parseBoolean(given.name, given.value, malformed)
}

/** 0 is protobuf's way to say nothing. */
function limit(query: Query): number {
  const given = named(query, 'query.searchDepth', 'query.search_depth', 'query.num_traces')
  if (given === undefined || given.value === '0') return defaultLimit
  return parseLimit(given.name, given.value, malformed)
}

function attributes(query: Query): (readonly [string, string])[] {
  const text = one(query, 'query.attributes')
  if (text === undefined) return []
  const object = parseStrings(text)
  if (object === undefined) throw malformed('query.attributes', 'a JSON object of strings is expected')
  return Object.entries(object)
}
