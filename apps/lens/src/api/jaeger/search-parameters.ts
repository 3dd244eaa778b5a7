/** The query string of Jaeger's v1 search as a filter. */

import type { AttributeFilter, TraceFilter } from '../../query/filter.ts'
import { parseDuration } from '../duration.ts'
import { parseTraceId } from '../trace-id.ts'
import { JaegerError } from './envelope.ts'

export type JaegerSearch =
  | { readonly traceIds: readonly string[]; readonly raw: boolean }
  | { readonly filter: TraceFilter; readonly limit: number; readonly raw: boolean }

type Query = Readonly<Record<string, string | readonly string[] | undefined>>

const defaultLookback = 48n * 3600n * 1_000_000n
const defaultLimit = 100
const largestLimit = 1500

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
    from: clamp(from * 1000n),
    to: clamp(to * 1000n + 999n),
    service,
    operation: one(query, 'operation'),
    minDuration,
    maxDuration,
    durationOf: 'each',
    ...tagFilters(query),
  }
  return { filter, limit: limit(query), raw }
}

export function parseRaw(query: Query): boolean {
  const value = one(query, 'raw')
  if (value === undefined) return false
  if (/^(1|t|true)$/i.test(value)) return true
  if (/^(0|f|false)$/i.test(value)) return false
  throw new JaegerError(400, `unable to parse param 'raw': ${JSON.stringify(value)} is not a boolean`)
}

export function traceId(text: string): string {
  const id = parseTraceId(text)
  if (id === undefined) throw new JaegerError(400, `'${text}' is not a trace id of 16 or 32 hex digits`)
  return id
}

function tagFilters(query: Query): Pick<TraceFilter, 'attributes' | 'status'> {
  const attributes: AttributeFilter[] = []
  let status: 'error' | undefined
  const add = (key: string, value: string) => {
    // The mark that Jaeger itself puts on a span whose status is an error.
    if ((key === 'error' && value === 'true') || (key === 'otel.status_code' && value === 'ERROR'))
      status = 'error'
    else attributes.push({ key, value })
  }
  for (const tag of list(query, 'tag')) {
    const colon = tag.indexOf(':')
    if (colon < 1)
      throw new JaegerError(400, `malformed 'tag' parameter, expecting key:value, received: ${tag}`)
    add(tag.slice(0, colon), tag.slice(colon + 1))
  }
  for (const tags of list(query, 'tags')) {
    for (const [key, value] of Object.entries(parseTags(tags))) add(key, value)
  }
  return { attributes, status }
}

function parseTags(text: string): Record<string, string> {
  const malformed = () =>
    new JaegerError(400, `malformed 'tags' parameter, expecting a JSON object of strings, received: ${text}`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw malformed()
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed()
  for (const value of Object.values(json)) if (typeof value !== 'string') throw malformed()
  return json as Record<string, string>
}

function limit(query: Query): number {
  const value = one(query, 'limit')
  if (value === undefined) return defaultLimit
  if (!/^\d{1,9}$/.test(value) || Number(value) < 1) {
    throw new JaegerError(
      400,
      `unable to parse param 'limit': ${JSON.stringify(value)} is not a positive number`,
    )
  }
  return Math.min(Number(value), largestLimit)
}

function micros(query: Query, name: string): bigint | undefined {
  const value = one(query, name)
  if (value === undefined) return undefined
  if (!/^\d{1,19}$/.test(value)) {
    throw new JaegerError(
      400,
      `unable to parse param '${name}': ${JSON.stringify(value)} is not a time in microseconds`,
    )
  }
  return BigInt(value)
}

function duration(query: Query, name: string): bigint | undefined {
  const value = one(query, name)
  if (value === undefined) return undefined
  const nanos = parseDuration(value)
  if (nanos === undefined) {
    throw new JaegerError(
      400,
      `unable to parse param '${name}': ${JSON.stringify(value)} is not a duration such as 1.5s`,
    )
  }
  return nanos
}

/** Jaeger takes the first of several; empty counts as absent. */
function one(query: Query, name: string): string | undefined {
  return list(query, name)[0]
}

function list(query: Query, name: string): string[] {
  const value = query[name]
  const values = value === undefined ? [] : typeof value === 'string' ? [value] : [...value]
  return values.filter((text) => text !== '')
}

function clamp(nanos: bigint): bigint {
  return nanos < 2n ** 64n ? nanos : 2n ** 64n - 1n
}
