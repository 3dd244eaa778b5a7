/** How many matching traces there are for each value of a field: the numbers beside the values in the search form. */

import type { FacetsResponse, FacetValue } from '../api/contract.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { type FilterField, filterSql, type TraceFilter } from './filter.ts'

/** A list that a person can still read; what is beyond it is said to be. */
const mostValues = 100

export async function facets(
  engine: StoreEngine,
  filter: TraceFilter,
  options?: QueryOptions,
): Promise<FacetsResponse> {
  const [tenants, services, operations, users, statuses] = await Promise.all([
    countValues(engine, filter, 'tenant', 'tenant', options),
    countValues(engine, filter, 'service', 'service', options),
    countValues(engine, filter, 'operation', 'name', options),
    countValues(engine, filter, 'user', 'user', options),
    countStatuses(engine, filter, options),
  ])
  const lists = { tenants, services, operations, users }
  return {
    tenants: tenants.slice(0, mostValues),
    services: services.slice(0, mostValues),
    operations: operations.slice(0, mostValues),
    users: users.slice(0, mostValues),
    statuses,
    truncated: (['tenants', 'services', 'operations', 'users'] as const).filter(
      (field) => lists[field].length > mostValues,
    ),
  }
}

interface ValueRow {
  readonly value: string
  readonly traces: string
}

/** One value more than is shown, if there is one. */
async function countValues(
  engine: StoreEngine,
  filter: TraceFilter,
  field: FilterField,
  column: 'tenant' | 'service' | 'name' | 'user',
  options: QueryOptions | undefined,
): Promise<FacetValue[]> {
  const { where, having, parameters } = filterSql(filter, field)
  const counts =
    having === ''
      ? `SELECT ${column} AS value, uniqExact(trace_id) AS traces FROM spans
         WHERE ${where} AND ${column} != '' GROUP BY value`
      : `SELECT value, count() AS traces FROM (
           SELECT ${column} AS value, max(duration) AS longest, max(status = 2) AS failed FROM spans
           WHERE ${where} AND ${column} != '' GROUP BY value, trace_id HAVING ${having}
         ) GROUP BY value`
  const { rows } = await engine.query<ValueRow>(
    `${counts} ORDER BY traces DESC, value LIMIT {limit:UInt32}`,
    { ...parameters, limit: mostValues + 1 },
    options,
  )
  return rows.map(({ value, traces }) => ({ value, count: Number(traces) }))
}

async function countStatuses(
  engine: StoreEngine,
  filter: TraceFilter,
  options: QueryOptions | undefined,
): Promise<FacetValue[]> {
  const { where, having, parameters } = filterSql(filter, 'status')
  const { rows } = await engine.query<ValueRow>(
    `SELECT if(failed, 'error', 'ok') AS value, count() AS traces FROM (
       SELECT max(duration) AS longest, max(status = 2) AS failed FROM spans
       WHERE ${where} GROUP BY trace_id ${having === '' ? '' : `HAVING ${having}`}
     ) GROUP BY value ORDER BY traces DESC, value`,
    parameters,
    options,
  )
  return rows.map(({ value, traces }) => ({ value, count: Number(traces) }))
}
