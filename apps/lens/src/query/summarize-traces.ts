/** Summaries of some traces, each over all of its spans, whatever the search was for: the second step of Lens's own search. */

import type { TraceSummary } from '../api/contract.ts'
import type { QueryOptions, StoreEngine } from '../store/engine.ts'
import {
  covers,
  likelySpansOf,
  type MatchedTrace,
  type SpansOf,
  spansOf,
  type TracePlaces,
  tracePlaces,
} from './trace-places.ts'

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
  /** A span's name says that it may be one of GraphQL. */
  readonly mayBeGraphql: 0 | 1
  readonly tenants: readonly string[]
  readonly users: readonly string[]
}

// A span that was stored twice is one here: LIMIT 1 BY. The primary key says which granules to read; to ask the indexes too finds no fewer.
const serviceParts = (where: string) => `
  SELECT lower(hex(trace_id)) AS traceId, service,
    count() AS spans, countIf(status = 2) AS errors,
    min(start) AS firstStart, max(start + toUInt64(greatest(duration, 0))) AS lastEnd,
    argMin(name, start) AS firstName,
    argMinIf(name, start, is_root) AS rootName, countIf(is_root) AS roots, minIf(start, is_root) AS rootStart,
    groupUniqArrayIf(100)(tenant, tenant != '') AS tenants, groupUniqArrayIf(100)(user, user != '') AS users,
    max(match(name, {graphql:String})) AS mayBeGraphql
  FROM (
    SELECT trace_id, service, status, start, duration, name, tenant, user,
      parent_span_id = toFixedString('', 8) AS is_root
    FROM spans WHERE ${where} LIMIT 1 BY trace_id, span_id
  )
  GROUP BY trace_id, service SETTINGS use_skip_indexes = 0`

/** A name of any span of a trace that is worth looking at for GraphQL: its operation, as the conventions have it, or the request that it came with. */
const graphqlNames = '(?i)graphql|^(query|mutation|subscription)\\b'

/** By the index of attributes, whose column is the most expensive to read. */
const operations = (where: string) => `
  SELECT lower(hex(trace_id)) AS traceId, argMin(name, start) AS operation
  FROM spans WHERE ${where} AND hasAny(attributes,
    ['graphql.operation.type:s=query', 'graphql.operation.type:s=mutation', 'graphql.operation.type:s=subscription'])
  GROUP BY trace_id`

/** Newest first. Traces that are not stored are left out. */
export function summarizeTraces(
  engine: StoreEngine,
  traceIds: readonly string[],
  options?: QueryOptions,
): Promise<TraceSummary[]> {
  return new TraceSummaries(engine, options).of(traceIds)
}

/** The same for a search, which knows what to expect before it knows what to ask for. */
export class TraceSummaries {
  readonly #engine: StoreEngine
  readonly #options: QueryOptions | undefined
  #expected: { readonly spans: SpansOf; readonly parts: Promise<readonly ServicePart[]> } | undefined

  constructor(engine: StoreEngine, options?: QueryOptions) {
    this.#engine = engine
    this.#options = options
  }

  /**
   * Begins to read these traces where they probably lie, beside the statement that says where they do. What lies elsewhere, too, is read again: the answer is the
   * same, sooner.
   */
  readonly expect = (traces: readonly MatchedTrace[]): void => {
    const spans = likelySpansOf(traces)
    if (spans === undefined) return
    const parts = this.#parts(spans)
    // Whoever asks for them is told.
    parts.catch(() => {})
    this.#expected = { spans, parts }
  }

  /** Newest first. Traces that are not stored are left out. `known` are places of these traces, of all or of none. */
  async of(traceIds: readonly string[], known?: TracePlaces): Promise<TraceSummary[]> {
    const places = known ?? (await tracePlaces(this.#engine, traceIds, this.#options))
    const rows = await this.#partsOf(traceIds, places)
    const operationOf = await this.#firstOperations(rows, places)
    const summaries = [...Map.groupBy(rows, ({ traceId }) => traceId).entries()].map(([id, parts]) =>
      summary(parts, operationOf.get(id) ?? ''),
    )
    return summaries.sort(newestFirst)
  }

  async #partsOf(traceIds: readonly string[], places: TracePlaces): Promise<readonly ServicePart[]> {
    const { spans, parts } = this.#expected ?? {}
    const ids = new Set(spans?.parameters.ids)
    const found = new Set(
      traceIds.filter((id) => {
        const place = places.get(id)
        return spans !== undefined && place !== undefined && ids.has(id) && covers(spans, place)
      }),
    )
    const rest = spansOf(
      traceIds.filter((id) => !found.has(id)),
      places,
    )
    const [early = [], late = []] = await Promise.all([
      found.size === 0 ? [] : parts,
      rest === undefined ? [] : this.#parts(rest),
    ])
    return [...early.filter(({ traceId }) => found.has(traceId)), ...late]
  }

  async #parts({ where, parameters }: SpansOf): Promise<readonly ServicePart[]> {
    const all = { ...parameters, graphql: graphqlNames }
    const { rows } = await this.#engine.query<ServicePart>(serviceParts(where), all, this.#options)
    return rows
  }

  /** Names of the first GraphQL operations, by trace id. */
  async #firstOperations(
    parts: readonly ServicePart[],
    places: TracePlaces,
  ): Promise<ReadonlyMap<string, string>> {
    const ids = parts.flatMap(({ traceId, mayBeGraphql }) => (mayBeGraphql === 1 ? [traceId] : []))
    const spans = spansOf([...new Set(ids)], places)
    if (spans === undefined) return new Map()
    const { rows } = await this.#engine.query<{ traceId: string; operation: string }>(
      operations(spans.where),
      spans.parameters,
      this.#options,
    )
    return new Map(rows.map(({ traceId, operation }) => [traceId, operation]))
  }
}

function summary(parts: readonly ServicePart[], operation: string): TraceSummary {
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
    operation,
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
