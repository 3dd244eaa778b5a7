/**
 * The map of what a search finds: calls between services, and what services say of the databases, queues and hosts that they call, which send no
 * spans of their own. Derived when it is asked for, from a sample of whole traces, because it may be asked for any search.
 */

import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { filterSql, type TraceFilter } from './filter.ts'
import { measuredSql } from './measured.ts'
import { chooseSample, sampleSql } from './sample.ts'

/** Traces whose spans, some 16 each, are joined within some hundred milliseconds. */
const mostTraces = 4_000

export type TargetKind = 'database' | 'queue' | 'host'

export interface Target {
  readonly kind: TargetKind
  readonly name: string
  /** The attribute by which spans towards it are found. */
  readonly key: string
  readonly value: string
}

export interface Counts {
  readonly calls: number
  readonly failed: number
  readonly p50: number
  readonly p95: number
}

export interface MappedCall extends Counts {
  readonly from: string | Target
  readonly to: string | Target
}

export interface ServiceMap {
  readonly calls: readonly MappedCall[]
  /** Services of which there is a span, with what they were asked to do: spans of kind server or consumer, and roots. */
  readonly services: readonly (Counts & { readonly name: string })[]
  readonly traces: number
  readonly oneIn: number
}

/** The text of a span's attribute of any type, which is what follows its key, `:`, its type and `=`; empty without it. */
const textOf = (key: string) =>
  `substring(arrayFirst(a -> startsWith(a, '${key}:'), attributes), ${key.length + 4})`

/** The first of the attributes that is there, as (key, text), and ('', ''). The newer names of the conventions come before the older ones. */
const firstOf = (...keys: readonly string[]) => {
  const tests = keys.flatMap((key) => [`${textOf(key)} != ''`, `('${key}', ${textOf(key)})`])
  return `multiIf(${tests.join(', ')}, ('', ''))`
}

/** Semantic conventions 1.x: database, messaging and server attributes of client, producer and consumer spans. (kind, name, key, value) */
const target = `if(kind IN (3, 4, 5),
  multiIf(
    kind = 3 AND database.2 != '', ('database', trimRight(concat(database.2, ' ', ${firstOf('db.namespace', 'db.name')}.2)), database.1, database.2),
    destination.2 != '', ('queue', destination.2, destination.1, destination.2),
    kind = 3 AND host.2 != '', ('host', host.2, host.1, host.2),
    ('', '', '', '')),
  ('', '', '', ''))`

const counts = `count() AS calls, countIf(status = 2) AS failed,
  quantileExact(0.5)(greatest(duration, 0)) AS p50, quantileExact(0.95)(greatest(duration, 0)) AS p95`

export async function serviceMap(
  engine: StoreEngine,
  filter: TraceFilter,
  options?: QueryOptions,
): Promise<ServiceMap> {
  const sql = filterSql(filter, engine)
  const spansSample = await chooseSample(engine, filter, options)
  const { rows: found } = await engine.query<{ traces: string }>(
    `SELECT count() AS traces FROM (${measuredSql('traces', sql, spansSample)})`,
    sql.parameters,
    options,
  )
  const matching = Number(found[0]?.traces ?? 0)
  const oneIn = spansSample * 2 ** Math.max(0, Math.ceil(Math.log2(matching / mostTraces)))

  const members = `SELECT trace_id FROM (
    SELECT trace_id, min(start) AS first, max(duration) AS longest, max(status = 2) AS failed
    FROM spans WHERE ${sql.where}${sampleSql(oneIn)} GROUP BY trace_id${sql.having === '' ? '' : ` HAVING ${sql.having}`})`
  // As everywhere: another tenant's spans of a trace are not this one's.
  const ofTenant = filter.tenant === undefined ? '' : ' AND tenant = {tenant:String}'
  const spans = (columns: string) => `SELECT ${columns} FROM spans
    WHERE trace_id IN (${members})${sampleSql(oneIn)} AND start >= {from:UInt64} AND start <= {to:UInt64}${ofTenant}
    LIMIT 1 BY trace_id, span_id`
  const described = spans(`trace_id, span_id, parent_span_id, service, kind, status, duration,
    ${firstOf('db.system.name', 'db.system')} AS database,
    ${firstOf('messaging.destination.name', 'messaging.destination')} AS destination,
    ${firstOf('server.address', 'net.peer.name', 'peer.service')} AS host, ${target} AS target`)

  const [own, between, whole] = await Promise.all([
    engine.query<OwnCalls>(
      `SELECT service, kind, target, kind IN (2, 5) OR parent_span_id = toFixedString('', 8) AS entry, ${counts}
       FROM (${described}) GROUP BY service, kind, target, entry`,
      sql.parameters,
      options,
    ),
    engine.query<ServiceCalls>(
      `SELECT parent.service AS caller, child.service AS callee,
         if(parent.target.1 = 'host', parent.target.2, '') AS host, child.target.1 = 'queue' AS queued, ${counts}
       FROM (${described}) AS child
       INNER JOIN (${described}) AS parent ON child.trace_id = parent.trace_id AND child.parent_span_id = parent.span_id
       WHERE parent.service != child.service GROUP BY caller, callee, host, queued`,
      sql.parameters,
      options,
    ),
    oneIn === spansSample
      ? { rows: [{ traces: String(matching) }] }
      : engine.query<{ traces: string }>(
          `SELECT count() AS traces FROM (${members})`,
          sql.parameters,
          options,
        ),
  ])
  return {
    calls: callsOf(own.rows, between.rows),
    services: servicesOf(own.rows),
    traces: Number(whole.rows[0]?.traces ?? 0),
    oneIn,
  }
}

interface CountRow {
  readonly calls: string
  readonly failed: string
  readonly p50: string
  readonly p95: string
}

interface OwnCalls extends CountRow {
  readonly service: string
  readonly kind: number
  readonly target: readonly [TargetKind | '', string, string, string]
  readonly entry: 0 | 1
}

interface ServiceCalls extends CountRow {
  readonly caller: string
  readonly callee: string
  /** That the caller's span names. */
  readonly host: string
  /** The called span took a message from a queue that is on the map itself. */
  readonly queued: 0 | 1
}

function servicesOf(own: readonly OwnCalls[]): ServiceMap['services'] {
  return [...Map.groupBy(own, ({ service }) => service)].map(([name, rows]) => ({
    name,
    ...countsOf(rows.filter(({ entry }) => entry === 1)),
  }))
}

function callsOf(own: readonly OwnCalls[], between: readonly ServiceCalls[]): MappedCall[] {
  const answered = new Map<string, number>()
  for (const { caller, host, calls } of between) {
    const key = JSON.stringify([caller, host])
    answered.set(key, (answered.get(key) ?? 0) + Number(calls))
  }
  const toTargets = own.flatMap((row): MappedCall[] => {
    const [kind, name, key, value] = row.target
    if (kind === '') return []
    const found = { kind, name, key, value }
    if (row.kind === 5) return [{ from: found, to: row.service, ...countsOf([row]) }]
    // Where services answer at the host, they are what is there; what else fails to answer is one of them, too.
    if (kind === 'host' && (answered.get(JSON.stringify([row.service, name])) ?? 0) > 0) return []
    return [{ from: row.service, to: found, ...countsOf([row]) }]
  })
  const byPair = Map.groupBy(
    between.filter(({ queued }) => queued === 0),
    ({ caller, callee }) => JSON.stringify([caller, callee]),
  )
  const toServices = [...byPair.values()].map(
    (rows): MappedCall => ({ from: rows[0]!.caller, to: rows[0]!.callee, ...countsOf(rows) }),
  )
  return [...toServices, ...toTargets]
}

/** Of calls of several kinds or by several addresses, the durations of the most frequent. */
function countsOf(rows: readonly CountRow[]): Counts {
  const most = rows.toSorted((a, b) => Number(b.calls) - Number(a.calls))[0] ?? { p50: '0', p95: '0' }
  const sum = (of: 'calls' | 'failed') => rows.reduce((total, row) => total + Number(row[of]), 0)
  return { calls: sum('calls'), failed: sum('failed'), p50: Number(most.p50), p95: Number(most.p95) }
}
