/**
 * The statements by which calls between services are derived from spans. What they do is idempotent and looks both ways: given some seconds of arrival,
 * every trace that got a span in them is read whole, and its calls that involve one of those spans are written. So whichever of a call's two spans
 * arrives last brings the call, in whatever insert and however often.
 */

import { QueryLimitError, type StoreEngine } from '../store/engine.ts'
import type { Store } from '../store/store.ts'

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
const memory = 'max_memory_usage = 314572800'
const throughDisk =
  "join_algorithm = 'grace_hash', max_bytes_in_join = 100000000, max_memory_usage = 524288000"

/** Hours beyond which those between a trace's first and last span are not listed one by one: a clock was wrong, and the store is read whole. */
const mostHours = 1000

/** Calls of a day beyond which joining them takes longer than a pause may be. */
const mostCompacted = 20_000_000

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

/** On one processor, so that there is another one for whoever waits. */
export async function countCalls(engine: StoreEngine, arrivals: SecondsOfArrival): Promise<void> {
  const list = [...arrivals.keys()]
  const parameters = { seconds: list, first: Math.min(...list), last: Math.max(...list) }
  const times = await timesOfTraces(engine, parameters)
  const within =
    times === undefined
      ? ''
      : `start >= {from:UInt64} AND start <= {to:UInt64} AND ${hourOf('start')} IN {hours:Array(UInt32)} AND`
  const insert = (settings: string) =>
    engine.command(
      `${callsOf(`${within} trace_id IN (${touchedTraces})`)}
       SETTINGS max_threads = 1, ${settings}`,
      { ...parameters, ...times },
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

interface Times {
  readonly hours: readonly number[]
  /** Unix nanoseconds of the first and the last start. */
  readonly from: string
  readonly to: string
}

/**
 * When the touched traces have spans: hours are what the store is sorted by, and the bounds leave out parts and granules within them. Undefined when there
 * are too many. A span may be seen before the table of traces knows it, so the spans that arrived are asked, too.
 */
async function timesOfTraces(
  engine: StoreEngine,
  parameters: { readonly seconds: readonly number[]; readonly first: number; readonly last: number },
): Promise<Times | undefined> {
  const { rows } = await engine.query<{
    readonly hours: readonly string[]
    readonly from: string
    readonly to: string
    readonly long: string
  }>(
    `SELECT groupUniqArray(${mostHours + 1})(hour) AS hours, min(a) AS from, max(b) AS to, sum(is_long) AS long FROM (
       SELECT arrayJoin(if(is_long, [first], range(first, last + 1))) AS hour, is_long, a, b FROM (
         SELECT ${hourOf('first_start')} AS first, ${hourOf('last_start')} AS last, last - first > ${mostHours} AS is_long,
           min(first_start) AS a, max(last_start) AS b
         FROM traces WHERE trace_id IN (${touchedTraces}) GROUP BY first, last
       )
       UNION ALL SELECT ${hourOf('start')} AS hour, 0 AS is_long, min(start) AS a, max(start) AS b FROM spans
       WHERE ${arrived} GROUP BY hour
     )`,
    parameters,
  )
  const { hours = [], from = '0', to = '0', long = '0' } = rows[0] ?? {}
  return long === '0' && hours.length <= mostHours ? { hours: hours.map(Number), from, to } : undefined
}

/**
 * Joins what was written piece by piece, since a question has to bring the rows of overlapping pieces in order first. For when nothing arrives. A cluster's
 * servers are left to their own merges.
 */
export async function compactCalls({ engine, schema }: Pick<Store, 'engine' | 'schema'>): Promise<void> {
  if (schema.stored('calls') !== 'calls') return
  const { rows } = await engine.query<{ partition: string }>(
    `SELECT partition_id AS partition FROM system.parts WHERE active AND database = currentDatabase() AND table = 'calls'
     GROUP BY partition HAVING count() > 1 AND sum(rows) < ${mostCompacted}`,
  )
  for (const { partition } of rows) {
    await engine.command('OPTIMIZE TABLE calls PARTITION ID {partition:String} FINAL', { partition })
  }
}

async function seconds(engine: StoreEngine, statement: string, since: number): Promise<SecondsOfArrival> {
  const { rows } = await engine.query<{ second: number; spans: string }>(statement, { since })
  return new Map(rows.map(({ second, spans }) => [second, Number(spans)]))
}
