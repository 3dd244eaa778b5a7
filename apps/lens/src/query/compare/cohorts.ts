/**
 * The two cohorts of a comparison as SQL: a statement whose rows are the members, each with the cohort that it is in. A member is a trace
 * or a span that the filter selects; a split says which of them are the selected ones, and the rest is what they are compared to.
 */

import type { QueryParameters, StoreEngine } from '../../store/engine.ts'
import { type FilterSql, filterSql, type TraceFilter } from '../filter.ts'

export type ComparedUnit = 'traces' | 'spans'

export type Split =
  /** Members that take so long or longer, in nanoseconds. */
  | { readonly by: 'duration'; readonly threshold: bigint }
  /** Members that failed. */
  | { readonly by: 'error' }
  /** Members within a rectangle of time and duration, all bounds inclusive, in nanoseconds. */
  | {
      readonly by: 'selection'
      readonly from: bigint
      readonly to: bigint
      readonly shortest: bigint
      readonly longest: bigint
    }
  /** What the filter selects, against what another one does and this one does not. */
  | { readonly by: 'filter'; readonly other: TraceFilter }

export interface CohortsSql {
  /** Rows of (trace_id, span_id when spans are compared, `selected`). `sampleOf` is a condition on a row, before anything is grouped. */
  readonly members: (sampleOf?: string) => string
  /** What a row of `spans` must satisfy for its values to be looked at, besides being of a member. */
  readonly where: string
  readonly parameters: QueryParameters
}

export function cohortsSql(
  engine: StoreEngine,
  filter: TraceFilter,
  split: Split,
  unit: ComparedUnit,
): CohortsSql {
  const ours = filterSql(filter, engine)
  const members = unit === 'traces' ? tracesOf : spansOf
  if (split.by !== 'filter') {
    const { selected, parameters } = splitSql(split)
    return {
      members: (sampleOf = '') => members(ours, sampleOf, selected),
      where: valuesWhere(filter),
      parameters: { ...ours.parameters, ...parameters },
    }
  }
  const theirs = prefixed(filterSql(split.other, engine))
  const key = unit === 'traces' ? 'trace_id' : 'trace_id, span_id'
  return {
    members: (sampleOf = '') => `SELECT ${key}, max(of_ours) AS selected FROM (
        SELECT ${key}, selected AS of_ours FROM (${members(ours, sampleOf, '1')})
        UNION ALL SELECT ${key}, selected AS of_ours FROM (${members(theirs, sampleOf, '0')})
      ) GROUP BY ${key}`,
    where: `(${valuesWhere(filter)} OR ${renamed(valuesWhere(split.other))})`,
    parameters: { ...ours.parameters, ...theirs.parameters },
  }
}

/** What a trace's duration and failure are is what they are in a search: of its matching spans. */
function tracesOf({ where, having }: FilterSql, sampleOf: string, selected: string): string {
  return `SELECT trace_id, toUInt8(${selected}) AS selected FROM (
      SELECT trace_id, min(start) AS first, max(duration) AS longest, max(status = 2) AS failed
      FROM spans WHERE ${where}${sampleOf} GROUP BY trace_id${having === '' ? '' : ` HAVING ${having}`}
    )`
}

/** A span that was stored twice gives two equal rows: what counts members counts distinct ones. */
function spansOf({ where, having }: FilterSql, sampleOf: string, selected: string): string {
  return `SELECT trace_id, span_id, toUInt8(${selected}) AS selected FROM (
      SELECT trace_id, span_id, start AS first, duration AS longest, status = 2 AS failed
      FROM spans WHERE ${where}${sampleOf}
    )${having === '' ? '' : ` WHERE ${having}`}`
}

function splitSql(split: Exclude<Split, { by: 'filter' }>): {
  selected: string
  parameters: QueryParameters
} {
  switch (split.by) {
    case 'error':
      return { selected: 'failed', parameters: {} }
    case 'duration':
      return { selected: 'longest >= {threshold:Int64}', parameters: { threshold: split.threshold } }
    case 'selection':
      return {
        selected: `first >= {selectFrom:UInt64} AND first <= {selectTo:UInt64}
          AND longest >= {selectShortest:Int64} AND longest <= {selectLongest:Int64}`,
        parameters: {
          selectFrom: split.from,
          selectTo: split.to,
          selectShortest: split.shortest,
          selectLongest: split.longest,
        },
      }
  }
}

/** A trace's values are those of all its spans in the time range; with a tenant, of that tenant's: another's may not explain it. */
function valuesWhere({ tenant }: TraceFilter): string {
  const range = 'start >= {from:UInt64} AND start <= {to:UInt64}'
  return tenant === undefined ? range : `${range} AND tenant = {tenant:String}`
}

/** Two filters in one statement: the second one's parameters by other names. */
function prefixed({ where, having, parameters }: FilterSql): FilterSql {
  return {
    where: renamed(where),
    having: renamed(having),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [`other_${name}`, value]),
    ),
  }
}

function renamed(sql: string): string {
  return sql.replace(/\{(\w+):/g, '{other_$1:')
}
