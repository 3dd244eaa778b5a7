/** Reads log records that match a filter, each once, a page at a time, and counts all that do. */

import { decodeAttribute } from '../../store/attribute-token.ts'
import type { QueryOptions, StoreEngine } from '../../store/engine.ts'
import { decodeResource, decodeScope } from '../../store/resource-blob.ts'
import { type StoredLog, timeSources } from '../../store/stored-log.ts'
import { type LogFilter, logFilterSql } from './log-filter.ts'

/** A place in the order of the records: behind this one. */
export interface LogCursor {
  readonly timeUnixNano: bigint
  readonly id: bigint
}

export interface LogPage {
  readonly logs: readonly StoredLog[]
  /** Whether there are more behind the last. */
  readonly hasMore: boolean
}

export type LogOrder = 'newest' | 'oldest'

interface LogRow
  extends Omit<
    StoredLog,
    'resource' | 'scope' | 'body' | 'attributes' | 'timeUnixNano' | 'timeSource' | 'observedUnixNano'
  > {
  readonly time: string
  readonly timeSource: number
  readonly observed: string
  readonly body: string
  readonly bodyType: string
  readonly attributes: readonly string[]
  readonly resource: string
  readonly scope: string
}

const columns = `
  id, time, time_source AS timeSource, observed,
  if(trace_id = toFixedString('', 16), '', lower(hex(trace_id))) AS traceId,
  if(span_id = toFixedString('', 8), '', lower(hex(span_id))) AS spanId,
  severity AS severityNumber, severity_text AS severityText, body, body_type AS bodyType, event_name AS eventName,
  attributes, dropped_attributes AS droppedAttributes, flags, tenant, user, service, resource, scope`

/** Beyond so many copies of a page's records, the page is as short as it is. */
const mostRows = 100_000

export async function readLogs(
  engine: StoreEngine,
  filter: LogFilter,
  order: LogOrder,
  limit: number,
  after: LogCursor | undefined,
  options?: QueryOptions,
): Promise<LogPage> {
  const { where, parameters } = logFilterSql(filter)
  const [direction, compare] = order === 'newest' ? ['DESC', '<'] : ['ASC', '>']
  const behind =
    after === undefined
      ? ''
      : `AND time ${compare}= {cursorTime:UInt64}
         AND (time ${compare} {cursorTime:UInt64} OR id ${compare} {cursorId:UInt64})`
  const cursor = after === undefined ? {} : { cursorTime: after.timeUnixNano, cursorId: after.id }
  // Copies of a record lie beside each other. Told to be unique by the engine, the newest could not be picked before all are sorted.
  for (let rows = limit + 1; ; rows *= 4) {
    const result = await engine.query<LogRow>(
      `SELECT ${columns} FROM logs WHERE ${where} ${behind}
       ORDER BY time ${direction}, id ${direction} LIMIT {rows:UInt32}`,
      { ...parameters, ...cursor, rows },
      options,
    )
    const distinct = new Map(result.rows.map((row) => [row.id, row]))
    const isAll = result.rows.length < rows || rows >= mostRows
    if (distinct.size <= limit && !isAll) continue
    const page = [...distinct.values()].slice(0, limit)
    return { logs: storedLogs(page), hasMore: distinct.size > limit || result.rows.length === rows }
  }
}

export interface LogCount {
  readonly total: number
  readonly isExact: boolean
}

/** Beyond so many, `uniq` estimates, to half a percent: an exact count would hold every id in memory. */
const exactTotal = 65_536

export async function countLogs(
  engine: StoreEngine,
  filter: LogFilter,
  options?: QueryOptions,
): Promise<LogCount> {
  const { where, parameters } = logFilterSql(filter)
  const { rows } = await engine.query<{ total: string }>(
    `SELECT uniq(id) AS total FROM logs WHERE ${where}`,
    parameters,
    options,
  )
  const total = Number(rows[0]?.total ?? 0)
  return { total, isExact: total < exactTotal }
}

function storedLogs(rows: readonly LogRow[]): StoredLog[] {
  // Records have few resources and scopes: decoded once, and shared.
  const resourceOf = remembering(decodeResource)
  const scopeOf = remembering(decodeScope)
  return rows.map(({ time, timeSource, observed, body, bodyType, attributes, resource, scope, ...row }) => ({
    ...row,
    timeUnixNano: BigInt(time),
    timeSource: timeSources[timeSource] ?? 'sent',
    observedUnixNano: BigInt(observed),
    body: decodeAttribute(`:${bodyType}=${body}`).value,
    attributes: attributes.map(decodeAttribute),
    resource: resourceOf(resource),
    scope: scopeOf(scope),
  }))
}

function remembering<Value>(decode: (blob: string) => Value): (blob: string) => Value {
  const decoded = new Map<string, Value>()
  return (blob) => {
    const known = decoded.get(blob)
    if (known !== undefined) return known
    const value = decode(blob)
    decoded.set(blob, value)
    return value
  }
}
