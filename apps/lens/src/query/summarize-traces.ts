/** Summaries of some traces, each over all of its spans, whatever the search was for: the second step of Lens's own search. */

import type { TraceSummary } from '../api/contract.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import { placesOf, spansOfIds } from './trace-ids.ts'

/** What the store tells about the spans of one trace in one service. */
interface ServicePart {
  readonly traceId: string
  readonly service: string
  readonly spans: string
  readonly errors: string
  readonly firstStart: string
  readonly lastEnd: string
  readonly firstName: string
  readonly rootName: string
  /** '0' when no root span is in this service. */
  readonly roots: string
  readonly rootStart: string
  /** Of the first GraphQL operation in this service; '0' and '' without one. */
  readonly operationStart: string
  readonly operation: string
  readonly tenants: readonly string[]
  readonly users: readonly string[]
}

/** GraphQL operations by the index of attributes, whose column is the most expensive to read. */
const operations = `SELECT trace_id, span_id FROM spans WHERE ${spansOfIds} AND hasAny(attributes,
  ['graphql.operation.type:s=query', 'graphql.operation.type:s=mutation', 'graphql.operation.type:s=subscription'])`

// A span that was stored twice is one here: LIMIT 1 BY.
const serviceParts = `
  SELECT lower(hex(trace_id)) AS traceId, service,
    count() AS spans, countIf(status = 2) AS errors,
    min(start) AS firstStart, max(start + toUInt64(greatest(duration, 0))) AS lastEnd,
    argMin(name, start) AS firstName,
    argMinIf(name, start, is_root) AS rootName, countIf(is_root) AS roots, minIf(start, is_root) AS rootStart,
    argMinIf(name, start, is_operation) AS operation, minIf(start, is_operation) AS operationStart,
    groupUniqArrayIf(100)(tenant, tenant != '') AS tenants, groupUniqArrayIf(100)(user, user != '') AS users
  FROM (
    SELECT trace_id, service, status, start, duration, name, tenant, user,
      parent_span_id = toFixedString('', 8) AS is_root,
      (trace_id, span_id) IN (${operations}) AS is_operation
    FROM spans WHERE ${spansOfIds} LIMIT 1 BY trace_id, span_id
  )
  GROUP BY trace_id, service`

/** Newest first. Traces that are not stored are left out. */
export async function summarizeTraces(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<TraceSummary[]> {
  if (traceIds.length === 0) return []
  const places = await placesOf(engine, traceIds, options)
  if (places === undefined) return []
  const { rows } = await engine.query<ServicePart>(serviceParts, places, options)
  const summaries = [...Map.groupBy(rows, ({ traceId }) => traceId).values()].map(summary)
  return summaries.sort(newestFirst)
}

function summary(parts: readonly ServicePart[]): TraceSummary {
  const bySize = parts.toSorted((a, b) => Number(b.spans) - Number(a.spans) || compare(a.service, b.service))
  const earliest = parts.reduce((a, b) => (BigInt(b.firstStart) < BigInt(a.firstStart) ? b : a))
  const root = parts
    .filter(({ roots }) => roots !== '0')
    .reduce<ServicePart | undefined>(
      (a, b) => (a === undefined || BigInt(b.rootStart) < BigInt(a.rootStart) ? b : a),
      undefined,
    )
  const start = BigInt(earliest.firstStart)
  const end = parts.reduce((latest, { lastEnd }) => {
    const candidate = BigInt(lastEnd)
    return candidate > latest ? candidate : latest
  }, start)
  return {
    traceId: earliest.traceId,
    rootService: (root ?? earliest).service,
    rootName: root?.rootName ?? earliest.firstName,
    rootMissing: root === undefined,
    operation: firstOperation(parts),
    startUnixNano: earliest.firstStart,
    durationNano: Number(end - start),
    spanCount: sum(parts, ({ spans }) => spans),
    errorCount: sum(parts, ({ errors }) => errors),
    tenants: distinct(parts, ({ tenants }) => tenants),
    users: distinct(parts, ({ users }) => users),
    services: bySize.map(({ service, spans, errors }) => ({
      name: service,
      spanCount: Number(spans),
      errorCount: Number(errors),
    })),
  }
}

function firstOperation(parts: readonly ServicePart[]): string {
  const [first] = parts
    .filter(({ operation }) => operation !== '')
    .toSorted((a, b) => compareNumbers(BigInt(a.operationStart), BigInt(b.operationStart)))
  return first?.operation ?? ''
}

function compareNumbers(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function newestFirst(a: TraceSummary, b: TraceSummary): number {
  return compareNumbers(BigInt(b.startUnixNano), BigInt(a.startUnixNano)) || compare(a.traceId, b.traceId)
}

function sum(parts: readonly ServicePart[], count: (part: ServicePart) => string): number {
  return parts.reduce((total, part) => total + Number(count(part)), 0)
}

function distinct(parts: readonly ServicePart[], values: (part: ServicePart) => readonly string[]): string[] {
  return [...new Set(parts.flatMap(values))].sort(compare)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
