/**
 * The statements by which calls between services are derived from spans. What they do is idempotent and looks both ways: given some seconds of arrival,
 * every trace that got a span in them is read whole, and its calls that involve one of those spans are written. So whichever of a call's two spans
 * arrives last brings the call, in whatever insert and however often.
 */

import { QueryLimitError, type StoreEngine } from '../store/engine.ts'

/** Unix seconds of arrival, and how many spans of each are stored. */
export type SecondsOfArrival = ReadonlyMap<number, number>

/**
 * `calls.edge` in SQL: one column, since grouping by two takes five times as long. The length of the caller's name in bytes comes first, as names may hold
 * any character.
 */
const edge = "concat(toString(length(parent.service)), ':', parent.service, child.service)"

export function servicesOf(edge: string): { readonly parent: string; readonly child: string } {
  const bytes = Buffer.from(edge)
  const colon = bytes.indexOf(':')
  const end = colon + 1 + Number(bytes.toString('latin1', 0, colon))
  return { parent: bytes.toString('utf8', colon + 1, end), child: bytes.toString('utf8', end) }
}

/** `calls.tenant` in SQL. A call from one tenant to another is neither's: no token that is bound to tenants shows it. */
const tenant = "if(child.tenant = parent.tenant, child.tenant, concat(parent.tenant, '\\0', child.tenant))"

/** Enough for half a million spans; beyond it, the join goes by way of the disk. */
const memory = 'max_memory_usage = 629145600'
const throughDisk =
  "join_algorithm = 'grace_hash', max_bytes_in_join = 100000000, max_memory_usage = 1258291200"

/** Hours beyond which those between a trace's first and last span are not listed one by one: a clock was wrong, and the store is read whole. */
const mostHours = 1000

const hourOf = (time: string) => `intDiv(${time}, 3600000000000)`
const arrived = `received >= {first:UInt32} AND received <= {last:UInt32} AND toUInt32(received) IN {seconds:Array(UInt32)}`
const touchedTraces = `SELECT trace_id FROM spans WHERE ${arrived} GROUP BY trace_id`

/** As the engine knows it without reading rows: while it is the same, nothing has arrived. */
export async function fingerprint(engine: StoreEngine): Promise<string> {
  const { rows } = await engine.query(
    'SELECT count() AS n, min(received) AS a, max(received) AS b FROM spans',
  )
  return JSON.stringify(rows)
}

export async function storedSeconds(engine: StoreEngine, since: number): Promise<SecondsOfArrival> {
  return seconds(
    engine,
    'SELECT toUInt32(received) AS second, count() AS spans FROM spans WHERE received >= {since:UInt32} GROUP BY second ORDER BY second',
    since,
  )
}

export async function countedSeconds(engine: StoreEngine, since: number): Promise<SecondsOfArrival> {
  return seconds(
    engine,
    'SELECT toUInt32(received) AS second, max(spans) AS spans FROM counted_seconds WHERE received >= {since:UInt32} GROUP BY second',
    since,
  )
}

/** The latest second that was counted; 0 when none was. */
export async function latestCounted(engine: StoreEngine): Promise<number> {
  const { rows } = await engine.query<{ latest: number }>(
    'SELECT toUInt32(max(received)) AS latest FROM counted_seconds',
  )
  return rows[0]?.latest ?? 0
}

/** `gently`: leaves the processors to whoever else wants them. */
export async function countCalls(
  engine: StoreEngine,
  arrivals: SecondsOfArrival,
  gently: boolean,
): Promise<void> {
  const list = [...arrivals.keys()]
  const parameters = { seconds: list, first: Math.min(...list), last: Math.max(...list) }
  const hours = await hoursOfTraces(engine, parameters)
  const within = hours === undefined ? '' : `${hourOf('start')} IN {hours:Array(UInt32)} AND`
  const insert = (settings: string) =>
    engine.command(
      `${callsOf(`${within} trace_id IN (${touchedTraces})`)}
       SETTINGS max_threads = 1, os_threads_nice_value_query = ${gently ? 19 : 0}, ${settings}`,
      hours === undefined ? parameters : { ...parameters, hours },
    )
  try {
    await insert(memory)
  } catch (error) {
    if (!(error instanceof QueryLimitError)) throw error
    await insert(throughDisk)
  }
  await engine.command(
    `INSERT INTO counted_seconds (received, spans)
     SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip({seconds:Array(UInt32)}, {spans:Array(UInt64)})) AS pair)`,
    { seconds: list, spans: [...arrivals.values()] },
  )
}

/** Every call of the traces that has a span of those seconds on either side. */
function callsOf(traces: string): string {
  return `INSERT INTO calls (tenant, edge, start, call, failed, received)
    SELECT ${tenant}, ${edge}, child.start, child.call, child.failed, greatest(child.received, parent.received)
    FROM (
      SELECT cityHash64(trace_id, span_id) AS call, cityHash64(trace_id, parent_span_id) AS link, service, tenant, start,
        status = 2 AS failed, received, ${arrived} AS is_new
      FROM spans WHERE ${traces} AND parent_span_id != toFixedString('', 8)
    ) AS child
    INNER JOIN (
      SELECT cityHash64(trace_id, span_id) AS call, service, tenant, received, ${arrived} AS is_new
      FROM spans WHERE ${traces}
    ) AS parent ON parent.call = child.link
    WHERE parent.service != child.service AND (child.is_new OR parent.is_new)`
}

/**
 * Hours in which the touched traces have spans, which is what the store is sorted by; undefined when they are too many. A span may be seen before the
 * table of traces knows it, so the spans that arrived are asked, too.
 */
async function hoursOfTraces(
  engine: StoreEngine,
  parameters: { readonly seconds: readonly number[]; readonly first: number; readonly last: number },
): Promise<readonly number[] | undefined> {
  const { rows } = await engine.query<{ hours: readonly string[]; long: string }>(
    `SELECT groupUniqArray(${mostHours + 1})(hour) AS hours, sum(is_long) AS long FROM (
       SELECT arrayJoin(if(is_long, [first], range(first, last + 1))) AS hour, is_long FROM (
         SELECT ${hourOf('first_start')} AS first, ${hourOf('last_start')} AS last, last - first > ${mostHours} AS is_long
         FROM traces WHERE trace_id IN (${touchedTraces}) GROUP BY first, last
       )
       UNION ALL SELECT ${hourOf('start')} AS hour, 0 AS is_long FROM spans WHERE ${arrived} GROUP BY hour
     )`,
    parameters,
  )
  const { hours = [], long = '0' } = rows[0] ?? {}
  return long === '0' && hours.length <= mostHours ? hours.map(Number) : undefined
}

async function seconds(engine: StoreEngine, statement: string, since: number): Promise<SecondsOfArrival> {
  const { rows } = await engine.query<{ second: number; spans: string }>(statement, { since })
  return new Map(rows.map(({ second, spans }) => [second, Number(spans)]))
}
