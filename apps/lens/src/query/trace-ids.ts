/**
 * Reads a trace's spans by the primary key of `spans`: the table of traces says whose they are and when they began, so that a few granules are read, however much is
 * stored. It is one statement, as the place is a constant that the engine finds before it plans. Of several traces: trace-places.ts.
 */

/** For the beginning of a statement on one trace, whose parameter is `id`, 32 hex digits. */
export const withPlace = `WITH (
    SELECT (groupUniqArray(tenant), min(first_start), max(last_start)) FROM traces WHERE trace_id = unhex({id:String})
  ) AS place`

/** For its PREWHERE, which the engine then need not look for. */
export const spansOfPlace =
  'trace_id = unhex({id:String}) AND has(place.1, tenant) AND start >= place.2 AND start <= place.3'
