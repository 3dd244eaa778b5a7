/**
 * What a search asks for, and its translation to conditions of SQL with bound parameters. A trace matches when a span of it in the
 * time range matches; conditions on the trace as a whole are about its matching spans.
 */

import type { QueryParameters, StoreEngine } from '../store/engine.ts'
import { attributeOwners, attributeSql, textSql } from './attribute-sql.ts'
import { Binder, type KnownTokens } from './binder.ts'
import type { Query } from './language/expression.ts'
import { expressionSql } from './language/expression-sql.ts'

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
  /** What it says of spans must be true of the span that everything else here is true of. */
  readonly query?: Query | undefined
  /** What the indexes know of the conditions above, for a while: known-tokens.ts. */
  readonly tokens?: ReadonlyMap<string, KnownTokens> | undefined
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
  const { where, having } = filterSql(filter, {})
  return where === timeRange && having === ''
}

export const timeRange = 'start >= {from:UInt64} AND start <= {to:UInt64}'

/** For a statement to `engine`. `without` leaves a field's condition out: the counts of a facet are of what choosing another value would find. */
export function filterSql(
  filter: TraceFilter,
  engine: Pick<StoreEngine, 'isRestricted'>,
  without?: FilterField,
): FilterSql {
  const where: string[] = []
  const having: string[] = []
  const binder = new Binder(engine, 'p', filter.tokens)
  const { parameters } = binder
  parameters.from = filter.from
  parameters.to = filter.to

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

  for (const word of filter.words ?? []) where.push(textSql(word, binder))
  for (const { key, value } of filter.attributes ?? []) {
    where.push(attributeSql(attributeOwners, key, { operator: '=', value }, binder))
  }
  if (filter.query !== undefined) where.push(...expressionSql(filter.query.expression, where, binder))

  return { where: [timeRange, ...where].join(' AND '), having: having.join(' AND '), parameters }
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
