/**
 * The condition that picks some traces' spans by the primary key of `spans`: the table of traces says whose they are and in which minutes they
 * lie, so that a few granules are read, however far apart the traces are and however much is stored. Needs the parameter `ids`, hex digits.
 */

/** Of one trace, to be listed one by one; what goes on for longer (or claims to) is looked for by its id alone. */
const mostMinutes = 1440

const times = `SELECT tenant, trace_id, intDiv(min(first_start), 60000000000) AS first, intDiv(max(last_start), 60000000000) AS last
    FROM traces WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16)) GROUP BY tenant, trace_id`

export const spansOfIds = `((intDiv(start, 3600000000000), tenant, intDiv(start, 60000000000), trace_id) IN (
    SELECT intDiv(minute, 60), tenant, minute, trace_id FROM (
      SELECT tenant, trace_id, arrayJoin(range(first, last + 1)) AS minute FROM (${times} HAVING last - first <= ${mostMinutes})))
  OR trace_id IN (SELECT trace_id FROM (${times} HAVING last - first > ${mostMinutes})))`
