/**
 * Reads some traces' spans by the primary key of `spans`: the table of traces says whose they are and in which minutes they lie, so that a few
 * granules are read, however far apart the traces are and however much is stored. Two statements: as one, with subqueries, it took three times as long. Of a
 * single trace it is one, as its place is a constant that the engine finds before it plans.
 */

import type { QueryOptions, QueryParameters, StoreEngine } from '../store/engine.ts'

/** For the beginning of a statement on one trace, whose parameter is `id`, 32 hex digits. */
export const withPlace = `WITH (
    SELECT (groupUniqArray(tenant), min(first_start), max(last_start)) FROM traces WHERE trace_id = unhex({id:String})
  ) AS place`

/** For its PREWHERE, which the engine then need not look for. */
export const spansOfPlace =
  'trace_id = unhex({id:String}) AND has(place.1, tenant) AND start >= place.2 AND start <= place.3'

/** For WHERE, of several traces; its parameters are what `placesOf` returns. */
export const spansOfIds = `(trace_id IN (SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16))
    AND tenant IN {tenants:Array(String)} AND ({whenever:Bool}
      OR intDiv(start, 3600000000000) IN {hours:Array(UInt64)} AND intDiv(start, 60000000000) IN {minutes:Array(UInt64)}))`

/** In all, to be listed one by one: traces that last for days, or claim to, are looked for at any time. */
const mostMinutes = 10_000

/** Where the spans of traces lie, 32 hex digits each; undefined when none of them is stored. */
export async function placesOf(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<QueryParameters | undefined> {
  const { rows } = await engine.query<{ tenant: string; first: string; last: string }>(
    `SELECT DISTINCT tenant, intDiv(first_start, 60000000000) AS first, intDiv(last_start, 60000000000) AS last
     FROM traces WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16))`,
    { ids: traceIds },
    options,
  )
  if (rows.length === 0) return undefined
  const ranges = rows.map(({ first, last }) => ({ first: Number(first), last: Number(last) }))
  const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  const whenever = count > mostMinutes
  const minutes = new Set<number>()
  if (!whenever) {
    for (const { first, last } of ranges)
      for (let minute = first; minute <= last; minute++) minutes.add(minute)
  }
  return {
    ids: traceIds,
    tenants: [...new Set(rows.map(({ tenant }) => tenant))],
    whenever,
    hours: [...new Set([...minutes].map((minute) => Math.floor(minute / 60)))],
    minutes: [...minutes],
  }
}
