/**
 * The newest traces that match a filter, without looking at all that do. Few matches are found at once, wherever they are. Of many, the newest are looked for in a
 * window of time that ends where the page begins and grows until the page is full; then nobody has counted the rest, and the total is a lower bound.
 *
 *   from ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ since ├──────────── window ────────────┤ until
 *             ●                     ●    ●       ○      ○    ○              traces by their first matching span
 *
 * A trace stands where its first matching span is. The window shows where its first one *in the window* is, which is later for one that began before: such
 * a trace is recognised by the table of traces, looked up by its id, and left for a wider window.
 */

import type { QueryOptions, QueryParameters, StoreEngine } from '../store/engine.ts'
import { type FilterSql, filterSql, type TraceFilter } from './filter.ts'
import { type FilterCost, filterCost } from './filter-cost.ts'
import {
  type FoundPage,
  isBehindFirst,
  type Page,
  type PagePosition,
  positionParameters,
} from './trace-page.ts'
import { type MatchedTrace, spansOf, type TracePlaces, tracePlaces } from './trace-places.ts'

export interface NewestLimits {
  /** Matching spans that are read to know all; of one tenant they lie side by side, and cost a tenth to find. */
  readonly fewSpans: number
  readonly fewSpansOfTenant: number
  /** Spans of a store of which everything is counted in a moment. */
  readonly smallStore: number
  /** Nanoseconds of the first window, unless that is much for the whole range. */
  readonly firstWindow: bigint
}

const usualLimits: NewestLimits = {
  fewSpans: 1_000,
  fewSpansOfTenant: 20_000,
  smallStore: 500_000,
  firstWindow: 900_000_000_000n,
}

export async function newestTraces(
  engine: StoreEngine,
  filter: TraceFilter,
  page: Page,
  options?: QueryOptions,
  limits: NewestLimits = usualLimits,
): Promise<FoundPage> {
  return new NewestSearch(engine, filter, page, options, limits).find()
}

interface Window {
  /** Newest first; all of the window's, or more than the page shows. */
  readonly traces: readonly MatchedTrace[]
  /** How many there are in it. */
  readonly count: number
  readonly places: TracePlaces
}

class NewestSearch {
  readonly #engine: StoreEngine
  readonly #options: QueryOptions | undefined
  readonly #limits: NewestLimits
  readonly #isOfTenant: boolean
  readonly #cost: FilterCost
  /** True of a span of each trace that passes; to look for those first leaves few traces to group. */
  readonly #someSpan: string | undefined
  readonly #sql: FilterSql
  readonly #page: Page
  readonly #from: bigint
  /** Nothing behind the page's beginning began later, but for what a condition on the trace as a whole is about. */
  readonly #until: bigint
  readonly #behind: string

  constructor(
    engine: StoreEngine,
    filter: TraceFilter,
    page: Page,
    options: QueryOptions | undefined,
    limits: NewestLimits,
  ) {
    this.#engine = engine
    this.#options = options
    this.#limits = limits
    this.#isOfTenant = filter.tenant !== undefined
    this.#cost = filterCost(filter)
    this.#someSpan =
      filter.minDuration === undefined || filter.durationOf === 'each'
        ? undefined
        : 'duration >= {minDuration:Int64}'
    this.#sql = filterSql(filter, engine)
    this.#page = page
    this.#from = filter.from
    const after = this.#sql.having === '' ? page.after?.first : undefined
    this.#until = after === undefined || after > filter.to ? filter.to : after
    this.#behind = page.after === undefined ? '1' : isBehindFirst
  }

  async find(): Promise<FoundPage> {
    const { fewSpans, fewSpansOfTenant } = this.#limits
    switch (this.#cost) {
      case 'indexed': {
        const few = this.#isOfTenant ? fewSpansOfTenant : fewSpans
        const found = await this.#among(Math.max(few, 8 * this.#page.limit))
        if (typeof found !== 'number') return found
        return this.#inWindowsOfLargeStore(found)
      }
      // To look anywhere first costs as much as to look at what is newest.
      case 'attributes':
        return this.#inWindowsOfLargeStore(0)
      // A statement on a window would take as long as one on everything.
      case 'traces':
        return this.#inWhole()
    }
  }

  /** The page, if fewer spans than `most` match; else how many traces there are at least. */
  async #among(most: number): Promise<FoundPage | number> {
    const { where, having } = this.#sql
    interface Row extends MatchedTrace {
      readonly passes: 0 | 1
      readonly spans: string
      readonly traces: string
    }
    const { rows } = await this.#query<Row>(
      `SELECT lower(hex(trace_id)) AS traceId, first, last, ofTenant AS tenant, passes, sum(matches) OVER () AS spans, countIf(passes) OVER () AS traces
       FROM (
         SELECT trace_id, min(start) AS first, max(start) AS last, any(tenant) AS ofTenant, count() AS matches, max(duration) AS longest, max(status = 2) AS failed,
           toUInt8(${having === '' ? '1' : `(${having})`} AND ${this.#behind}) AS passes
         FROM (SELECT trace_id, tenant, start, duration, status FROM spans WHERE ${where} AND start <= {until:UInt64} LIMIT {most:UInt64})
         GROUP BY trace_id
       ) ORDER BY passes DESC, first DESC, trace_id LIMIT {limit:UInt32}`,
      { most, limit: this.#page.limit },
    )
    const total = Number(rows[0]?.traces ?? 0)
    if (Number(rows[0]?.spans ?? 0) >= most) return having === '' ? total : 0
    const traces = rows.filter(({ passes }) => passes === 1)
    this.#page.expect?.(traces)
    return this.#foundPage(traces, total > traces.length, total, true)
  }

  async #inWindowsOfLargeStore(atLeast: number): Promise<FoundPage> {
    const [stored, inWindow] = await Promise.all([this.#storedSpans(), this.#inWindows(atLeast)])
    return stored > this.#limits.smallStore || inWindow.totalIsExact ? inWindow : this.#inWhole()
  }

  async #inWindows(atLeast: number): Promise<FoundPage> {
    const needed = this.#page.limit + 1
    const range = this.#until - this.#from
    const shown = this.#until - (this.#page.after?.first ?? this.#until)
    let length = shown + min(range / 128n + 1n, this.#limits.firstWindow)
    let known = atLeast
    for (;;) {
      if (length * 2n >= range) return this.#inWhole()
      const window = await this.#inWindow(this.#until - length)
      if (this.#sql.having === '') known = Math.max(known, window.count)
      if (window.traces.length >= needed) {
        return {
          ...this.#foundPage(window.traces, true, Math.max(known, needed), false),
          places: window.places,
        }
      }
      length *= growth(window.traces.length, needed)
    }
  }

  async #inWhole(): Promise<FoundPage> {
    const { traces, count } = await this.#newestSince(this.#from)
    this.#page.expect?.(traces.slice(0, this.#page.limit))
    return this.#foundPage(traces, count > this.#page.limit, count, true)
  }

  /** Traces whose first matching span is in the window. */
  async #inWindow(since: bigint): Promise<Window> {
    const { traces, count } = await this.#newestSince(since)
    const { limit, expect } = this.#page
    if (traces.length > limit) expect?.(traces.slice(0, limit))
    const ids = traces.map(({ traceId }) => traceId)
    const places = await tracePlaces(this.#engine, ids, this.#options)
    const early = await this.#matchingBefore(since, ids, places)
    return { traces: traces.filter(({ traceId }) => !early.has(traceId)), count, places }
  }

  /** By what matches since then, as if nothing had before; more of them than a page shows, as some may have to go. */
  async #newestSince(since: bigint): Promise<Pick<Window, 'traces' | 'count'>> {
    const { where, having } = this.#sql
    const inWindow = `${where} AND start >= {since:UInt64} AND start <= {until:UInt64}`
    const narrow =
      this.#someSpan === undefined
        ? ''
        : ` AND trace_id IN (SELECT trace_id FROM spans WHERE ${inWindow} AND ${this.#someSpan})`
    const { rows } = await this.#query<MatchedTrace & { traces: string }>(
      `SELECT lower(hex(trace_id)) AS traceId, first, last, ofTenant AS tenant, count() OVER () AS traces FROM (
         SELECT trace_id, min(start) AS first, max(start) AS last, any(tenant) AS ofTenant, max(duration) AS longest, max(status = 2) AS failed
         FROM spans WHERE ${inWindow}${narrow}
         GROUP BY trace_id ${having === '' ? '' : `HAVING ${having}`}
       ) WHERE ${this.#behind} ORDER BY first DESC, trace_id LIMIT {limit:UInt32}`,
      { since, limit: 2 * this.#page.limit + 1 },
    )
    return { traces: rows, count: Number(rows[0]?.traces ?? 0) }
  }

  /** Those of the traces of which a matching span began before `since`. */
  async #matchingBefore(
    since: bigint,
    ids: readonly string[],
    places: TracePlaces,
  ): Promise<ReadonlySet<string>> {
    const early = ids.filter((id) => (places.get(id)?.first ?? since) < since)
    const spans = spansOf(early, places)
    if (spans === undefined) return new Set()
    const { rows } = await this.#query<{ traceId: string }>(
      `SELECT DISTINCT lower(hex(trace_id)) AS traceId FROM spans
       WHERE ${this.#sql.where} AND start < {since:UInt64} AND ${spans.where}`,
      { ...spans.parameters, since },
    )
    return new Set(rows.map(({ traceId }) => traceId))
  }

  async #storedSpans(): Promise<number> {
    const { rows } = await this.#engine.query<{ spans: string }>(
      'SELECT count() AS spans FROM spans',
      {},
      this.#options,
    )
    return Number(rows[0]?.spans ?? 0)
  }

  async #query<Row>(statement: string, parameters: QueryParameters) {
    const all = {
      ...this.#sql.parameters,
      ...positionParameters(this.#page.after),
      until: this.#until,
      ...parameters,
    }
    // To count what a LIMIT leaves out, the engine would read it.
    return this.#engine.query<Row>(`${statement} SETTINGS exact_rows_before_limit = 0`, all, this.#options)
  }

  #foundPage(found: readonly MatchedTrace[], more: boolean, total: number, totalIsExact: boolean): FoundPage {
    const traces = found.slice(0, this.#page.limit)
    const last = more ? traces.at(-1) : undefined
    return {
      traceIds: traces.map(({ traceId }) => traceId),
      total,
      totalIsExact,
      last: last && positionOf(last),
    }
  }
}

function positionOf({ traceId, first }: MatchedTrace): PagePosition {
  return { rank: 0n, first: BigInt(first), traceId }
}

/** Of a window that held too few: by how many there were in it, with some to spare, as traces do not come evenly. */
function growth(found: number, needed: number): bigint {
  return BigInt(Math.min(64, Math.max(4, Math.ceil((2 * needed) / Math.max(1, found)))))
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
