/** The query string of Jaeger's v1 search as a filter. */

import type { TraceFilter } from '../../query/filter.ts'
import { JaegerError } from './envelope.ts'
import {
  clampNanos,
  defaultLimit,
  list,
  one,
  parseBoolean,
  parseGoDuration,
  parseLimit,
  parseStrings,
  parseWhole,
  type Query,
  tagFilters,
} from './parameters.ts'
import { parseJaegerTraceId } from './trace-id.ts'

export type JaegerSearch =
  | { readonly traceIds: readonly string[]; readonly raw: boolean }
  | { readonly filter: TraceFilter; readonly limit: number; readonly raw: boolean }

const defaultLookback = 48n * 3600n * 1_000_000n

/** Throws JaegerError. `now` is in Unix milliseconds. */
export function jaegerSearch(query: Query, now: number): JaegerSearch {
  const raw = parseRaw(query)
  const ids = list(query, 'traceID')
  if (ids.length > 0) return { traceIds: ids.map(traceId), raw }

  const service = one(query, 'service')
  if (service === undefined) throw new JaegerError(400, "parameter 'service' is required")
  const to = micros(query, 'end') ?? BigInt(now) * 1000n
  const from = micros(query, 'start') ?? (to > defaultLookback ? to - defaultLookback : 0n)
  const minDuration = duration(query, 'minDuration')
  const maxDuration = duration(query, 'maxDuration')
  if (minDuration !== undefined && maxDuration !== undefined && minDuration > maxDuration) {
    throw new JaegerError(400, "'maxDuration' should be greater than 'minDuration'")
  }
  const filter: TraceFilter = {
    from: clampNanos(from * 1000n),
    to: clampNanos(to * 1000n + 999n),
    service,
    operation: one(query, 'operation'),
    minDuration,
    maxDuration,
    durationOf: 'each',
    ...tagFilters(tags(query)),
  }
  const limit = one(query, 'limit')
  return { filter, limit: limit === undefined ? defaultLimit : parseLimit('limit', limit), raw }
}

export function parseRaw(query: Query): boolean {
  const value = one(query, 'raw')
  return value !== undefined && parseBoolean('raw', value)
}

export function traceId(text: string): string {
  const id = parseJaegerTraceId(text)
  if (id === undefined) throw new JaegerError(400, `'${text}' is not a trace id of up to 32 hex digits`)
  return id
}

/** Unix nanoseconds between which a span must start for its trace to be shown; undefined where it does not matter. */
export function parseTimes(query: Query): { from: bigint | undefined; to: bigint | undefined } {
  const [from, to] = [micros(query, 'start'), micros(query, 'end')]
  return {
    from: from === undefined ? undefined : clampNanos(from * 1000n),
    to: to === undefined ? undefined : clampNanos(to * 1000n + 999n),
  }
}

function tags(query: Query): (readonly [string, string])[] {
  const found: (readonly [string, string])[] = []
  for (const tag of list(query, 'tag')) {
    const colon = tag.indexOf(':')
    if (colon < 1)
      throw new JaegerError(400, `malformed 'tag' parameter, expecting key:value, received: ${tag}`)
    found.push([tag.slice(0, colon), tag.slice(colon + 1)])
  }
  for (const text of list(query, 'tags')) {
    const object = parseStrings(text)
    if (object === undefined) {
      throw new JaegerError(
        400,
        `malformed 'tags' parameter, expecting a JSON object of strings, received: ${text}`,
      )
    }
    found.push(...Object.entries(object))
  }
  return found
}

function micros(query: Query, name: string): bigint | undefined {
  const value = one(query, name)
  return value === undefined ? undefined : parseWhole(name, value, 'a time in microseconds')
}

/** 0, as Jaeger's UI may send it, is no bound. */
function duration(query: Query, name: string): bigint | undefined {
  const value = one(query, name)
  if (value === undefined) return undefined
  const nanos = parseGoDuration(name, value)
  return nanos === 0n ? undefined : nanos
}
