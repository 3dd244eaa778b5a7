/** Values in a query string as Go reads them, which is how Jaeger does: the parts that its routes share. Each throws JaegerError, naming the parameter. */

import { parseDuration } from '../../duration.ts'
import type { AttributeFilter, TraceFilter } from '../../query/filter.ts'
import { JaegerError } from './envelope.ts'

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

/** How an API says that a parameter is wrong: `unable to parse param 'limit': …`. */
export type Complaint = (name: string, why: string) => JaegerError

export const unableToParse: Complaint = (name, why) =>
  new JaegerError(400, `unable to parse param '${name}': ${why}`)

/** Jaeger takes the first of several; empty counts as absent. */
export function one(query: Query, name: string): string | undefined {
  return list(query, name)[0]
}

export function list(query: Query, name: string): string[] {
  const value = query[name]
  const values = value === undefined ? [] : typeof value === 'string' ? [value] : [...value]
  return values.filter((text) => text !== '')
}

export function parseBoolean(name: string, text: string, complaint = unableToParse): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw complaint(name, `${JSON.stringify(text)} is not a boolean`)
}

/** Whole and not negative. */
export function parseWhole(name: string, text: string, unit: string, complaint = unableToParse): bigint {
  if (!/^\+?\d{1,19}$/.test(text)) throw complaint(name, `${JSON.stringify(text)} is not ${unit}`)
  return BigInt(text.replace('+', ''))
}

/** In nanoseconds, of text such as `1.5s`. */
export function parseGoDuration(name: string, text: string, complaint = unableToParse): bigint {
  const nanos = parseDuration(text)
  if (nanos === undefined) {
    throw complaint(name, `${JSON.stringify(text)} is not a duration such as 1.5s`)
  }
  return nanos
}

/** Traces that an answer holds: what was asked for, or as many as Lens gives at most. */
export function parseLimit(name: string, text: string, complaint = unableToParse): number {
  if (!/^\+?\d+$/.test(text) || Number(text) < 1) {
    throw complaint(name, `${JSON.stringify(text)} is not a positive number`)
  }
  return Math.min(Number(text), largestLimit)
}

export const defaultLimit = 100
export const largestLimit = 1500

/** An object of strings, as `tags` and `query.attributes` are written; undefined for other text. */
export function parseStrings(text: string): Readonly<Record<string, string>> | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  for (const value of Object.values(json)) if (typeof value !== 'string') return undefined
  return json as Record<string, string>
}

/** Of tags, each of which must hold. */
export function tagFilters(
  tags: readonly (readonly [key: string, value: string])[],
): Pick<TraceFilter, 'attributes' | 'status'> {
  const attributes: AttributeFilter[] = []
  let status: 'error' | undefined
  for (const [key, value] of tags) {
    // The marks that Jaeger itself puts on a span whose status is an error.
    if ((key === 'error' && value === 'true') || (key === 'otel.status_code' && value === 'ERROR'))
      status = 'error'
    else attributes.push({ key, value })
  }
  return { attributes, status }
}

/** What the store's 64 bits hold of a time. */
export function clampNanos(nanos: bigint): bigint {
  return nanos < 0n ? 0n : nanos < 2n ** 64n ? nanos : 2n ** 64n - 1n
}
