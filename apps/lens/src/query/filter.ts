/**
 * What a search asks for, and its translation to conditions of SQL with bound parameters. A trace matches when a span of it in the
 * time range matches; conditions on the trace as a whole are about its matching spans.
 */

import { tokensEqualTo } from '../store/attribute-token.ts'
import type { QueryParameters } from '../store/engine.ts'

export interface TraceFilter {
  /** Unix nanoseconds, both inclusive, of a span's start. */
  readonly from: bigint
  readonly to: bigint
  readonly tenant?: string | undefined
  readonly user?: string | undefined
  readonly service?: string | undefined
  readonly operation?: string | undefined
  /** `error`: a matching span failed. `ok`: none did. */
  readonly status?: 'error' | 'ok' | undefined
  readonly minDuration?: bigint | undefined
  readonly maxDuration?: bigint | undefined
  /** Whose duration the bounds are about: the trace's longest matching span, or each span by itself. */
  readonly durationOf?: 'longest' | 'each' | undefined
  /** Each must occur, in any case, in the name, the status message, an event or an attribute's value of one span. */
  readonly words?: readonly string[] | undefined
  readonly attributes?: readonly AttributeFilter[] | undefined
}

/** Of the span, of one of its events, or of its resource. */
export interface AttributeFilter {
  readonly key: string
  readonly value: string
}

export type FilterField = 'tenant' | 'user' | 'service' | 'operation' | 'status'

export interface FilterSql {
  /** Conditions on a row of `spans`, never empty. */
  readonly where: string
  /** Conditions on the matching spans of a trace: on `longest` and `failed`. Empty when there are none. */
  readonly having: string
  readonly parameters: QueryParameters
}

/** True when every trace in the time range matches. */
export function isUnfiltered(filter: TraceFilter): boolean {
  const { where, having } = filterSql(filter)
  return where === timeRange && having === ''
}

const timeRange = 'start >= {from:UInt64} AND start <= {to:UInt64}'

/** `without` leaves a field's condition out: the counts of a facet are of what choosing another value would find. */
export function filterSql(filter: TraceFilter, without?: FilterField): FilterSql {
  const where = [timeRange]
  const having: string[] = []
  const parameters: Record<string, string | bigint | readonly string[]> = { from: filter.from, to: filter.to }

  for (const [field, column] of equalities) {
    const value = filter[field]
    if (value === undefined || field === without) continue
    where.push(`${column} = {${field}:String}`)
    parameters[field] = value
  }

  if (without !== 'status') {
    // Where no other condition is on the trace as a whole, to look at failed spans alone finds the same traces sooner.
    if (filter.status === 'error') {
      if (hasTraceBounds(filter)) having.push('failed')
      else where.push('status = 2')
    }
    if (filter.status === 'ok') having.push('NOT failed')
  }

  const bounds = filter.durationOf === 'each' ? where : having
  const duration = filter.durationOf === 'each' ? 'duration' : 'longest'
  if (filter.minDuration !== undefined) {
    bounds.push(`${duration} >= {minDuration:Int64}`)
    parameters.minDuration = filter.minDuration
  }
  if (filter.maxDuration !== undefined) {
    bounds.push(`${duration} <= {maxDuration:Int64}`)
    parameters.maxDuration = filter.maxDuration
  }

  filter.words?.forEach((word, index) => {
    where.push(`(${wordConditions.join(' OR ')})`.replaceAll('{word:', `{word${index}:`))
    parameters[`word${index}`] = word
  })

  filter.attributes?.forEach(({ key, value }, index) => {
    const tokens = tokensEqualTo(key, value)
    where.push(`(${attributeConditions.join(' OR ')})`.replace(/\{(token|quoted):/g, `{$1${index}:`))
    parameters[`token${index}`] = tokens
    parameters[`quoted${index}`] = tokens.map((token) => JSON.stringify(token))
  })

  return { where: where.join(' AND '), having: having.join(' AND '), parameters }
}

function hasTraceBounds({ minDuration, maxDuration, durationOf }: TraceFilter): boolean {
  return durationOf !== 'each' && (minDuration !== undefined || maxDuration !== undefined)
}

const equalities = [
  ['tenant', 'tenant'],
  ['user', 'user'],
  ['service', 'service'],
  ['operation', 'name'],
] as const satisfies readonly (readonly [FilterField, string])[]

// A token is `key:t=VALUE`; an event's first string has no `=` and is no attribute. The whole token is looked at first: that is one
// pass over the column, where the value needs a copy of each.
const occursInValue = `token -> positionCaseInsensitiveUTF8(token, {word:String}) > 0 AND position(token, '=') > 0
  AND positionCaseInsensitiveUTF8(substring(token, position(token, '=') + 1), {word:String}) > 0`

const wordConditions = [
  'positionCaseInsensitiveUTF8(name, {word:String}) > 0',
  'positionCaseInsensitiveUTF8(status_message, {word:String}) > 0',
  `arrayExists(${occursInValue}, attributes)`,
  `arrayExists(${occursInValue}, arrayFlatten(events))`,
]

// In the resource's JSON, a token stands between quotes that no text inside it can hold unescaped.
const attributeConditions = [
  'hasAny(attributes, {token:Array(String)})',
  'hasAny(arrayFlatten(events), {token:Array(String)})',
  'arrayExists(quoted -> position(resource, quoted) > 0, {quoted:Array(String)})',
]
