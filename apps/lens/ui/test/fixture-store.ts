/**
 * Answers the query API from traces in memory: the same questions, filters and totals as the backend, over a few
 * thousand traces. Used by the fixture server.
 */
import type {
  FacetsResponse,
  FacetValue,
  HeatmapResponse,
  HistogramResponse,
  SearchQuery,
  SearchResponse,
  TraceResponse,
  TraceSummary,
} from 'rustok-lens/contract'
import { parseDuration } from '../src/model/duration.ts'
import { unixMillis } from '../src/model/time.ts'
import { brokenTrace, hostileTrace, hugeTrace } from './odd-traces.ts'
import { declinedOrder, shopTrace } from './shop-traces.ts'
import { Random } from './trace-builder.ts'
import { modelOf } from './waterfall-of.ts'

interface Stored {
  readonly summary: TraceSummary
  readonly startMs: number
  readonly operations: readonly string[]
  readonly text: string
}

export class FixtureStore {
  readonly #traces = new Map<string, TraceResponse>()
  readonly #stored: Stored[] = []

  /** `count` traces that end now and thin out over a week, and the odd ones. */
  static filled(now: number, count: number, hugeSpans: number): FixtureStore {
    const store = new FixtureStore()
    const random = new Random(42)
    for (let index = 0; index < count; index++) {
      const share = index / count
      const ageMs =
        share < 0.6
          ? random.next() * 3600e3
          : share < 0.8
            ? random.next() * 86400e3
            : random.next() * 7 * 86400e3
      // An incident a quarter of an hour ago: more traffic, and most of it fails.
      const incident = share < 0.6 && random.chance(0.06)
      const start = now - (incident ? 13 * 60e3 + random.next() * 150e3 : ageMs)
      store.add(incident && random.chance(0.5) ? declinedOrder(random, start) : shopTrace(random, start))
    }
    store.add(brokenTrace(now - 40_000))
    store.add(hostileTrace(now - 3 * 3600e3))
    if (hugeSpans > 0) store.add(hugeTrace(now - 2 * 3600e3, hugeSpans))
    return store
  }

  add(trace: TraceResponse): void {
    this.#traces.set(trace.traceId, trace)
    this.#stored.push(toStored(trace))
    this.#stored.sort((a, b) => b.startMs - a.startMs)
  }

  trace(traceId: string): TraceResponse | undefined {
    return this.#traces.get(traceId)
  }

  search(query: SearchQuery, now: number): SearchResponse {
    const started = performance.now()
    const inRange = this.#inRange(query, now)
    const matching = inRange.filter((stored) => matches(stored, query))
    const first = Number(query.cursor ?? 0)
    const next = first + (query.limit ?? 50)
    return {
      traces: matching.slice(first, next).map(({ summary }) => summary),
      order: 'newest',
      ...(next < matching.length ? { nextCursor: String(next) } : {}),
      total: matching.length,
      totalIsExact: true,
      stored: inRange.length,
      storedIsExact: true,
      tookMs: Math.round((performance.now() - started) * 10) / 10,
    }
  }

  facets(query: SearchQuery, now: number): FacetsResponse {
    const stored = this.#inRange(query, now)
    const count = (field: keyof SearchQuery, pick: (stored: Stored) => readonly string[]): FacetValue[] => {
      const { [field]: _own, ...others } = query
      const matching = stored.filter((one) => matches(one, others))
      const counts = new Map<string, number>()
      for (const stored of matching)
        for (const value of new Set(pick(stored))) counts.set(value, (counts.get(value) ?? 0) + 1)
      return [...counts]
        .map(([value, number]) => ({ value, count: number }))
        .sort((a, b) => b.count - a.count)
        .slice(0, 100)
    }
    return {
      tenants: count('tenant', ({ summary }) => summary.tenants),
      services: count('service', ({ summary }) => summary.services.map(({ name }) => name)),
      operations: count('operation', ({ operations }) => operations),
      users: count('user', ({ summary }) => summary.users),
      statuses: count('status', ({ summary }) => [summary.errorCount > 0 ? 'error' : 'ok']),
      kinds: [],
      fields: [],
      truncated: [],
      sample: { oneIn: 1 },
    }
  }

  histogram(query: SearchQuery, now: number): HistogramResponse {
    const { start, end } = range(query, now)
    const steps = [
      1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    ]
    const bucketMs = (steps.find((seconds) => (end - start) / (seconds * 1000) <= 120) ?? 604_800) * 1000
    const first = Math.floor(start / bucketMs) * bucketMs
    const buckets = Array.from({ length: Math.ceil((end - first) / bucketMs) }, (_, index) => ({
      startMs: first + index * bucketMs,
      count: 0,
      errorCount: 0,
    }))
    for (const stored of this.#inRange(query, now)) {
      const bucket = buckets[Math.floor((stored.startMs - first) / bucketMs)]
      if (bucket === undefined || !matches(stored, query)) continue
      bucket.count++
      if (stored.summary.errorCount > 0) bucket.errorCount++
    }
    return { bucketMs, buckets, sample: { oneIn: 1 } }
  }

  heatmap(query: SearchQuery, now: number): HeatmapResponse {
    const { bucketMs } = this.histogram(query, now)
    const matching = this.#inRange(query, now).filter((stored) => matches(stored, query))
    const rowOf = ({ summary }: Stored) => Math.floor(4 * Math.log2(Math.max(1, summary.durationNano)))
    const lowest = Math.min(...matching.map(rowOf))
    const rows = matching.length === 0 ? 0 : Math.max(...matching.map(rowOf)) - lowest + 1
    const cells = new Map<string, { startMs: number; duration: number; count: number; errorCount: number }>()
    for (const stored of matching) {
      const startMs = Math.floor(stored.startMs / bucketMs) * bucketMs
      const duration = rowOf(stored) - lowest
      const cell = cells.get(`${startMs} ${duration}`) ?? { startMs, duration, count: 0, errorCount: 0 }
      cell.count++
      if (stored.summary.errorCount > 0) cell.errorCount++
      cells.set(`${startMs} ${duration}`, cell)
    }
    const nano = (row: number) => Math.ceil(2 ** ((lowest + row) / 4))
    return {
      of: 'traces',
      bucketMs,
      durations: Array.from({ length: rows }, (_, row) => ({ fromNano: nano(row), toNano: nano(row + 1) })),
      cells: [...cells.values()],
      total: matching.length,
      errorTotal: matching.filter(({ summary }) => summary.errorCount > 0).length,
      sample: { oneIn: 1 },
    }
  }

  #inRange(query: SearchQuery, now: number): Stored[] {
    const { start, end } = range(query, now)
    return this.#stored.filter(({ startMs }) => startMs >= start && startMs <= end)
  }
}

function range(query: SearchQuery, now: number): { start: number; end: number } {
  if (query.start !== undefined && query.end !== undefined) return { start: query.start, end: query.end }
  return { start: now - parseDuration(query.lookback ?? '1h')! / 1e6, end: now + 1000 }
}

function matches({ summary, operations, text }: Stored, query: SearchQuery): boolean {
  const low = parseDuration(query.minDuration ?? '') ?? 0
  const high = parseDuration(query.maxDuration ?? '') ?? Number.POSITIVE_INFINITY
  return (
    (query.tenant === undefined || summary.tenants.includes(query.tenant)) &&
    (query.user === undefined || summary.users.includes(query.user)) &&
    (query.service === undefined || summary.services.some(({ name }) => name === query.service)) &&
    (query.operation === undefined || operations.includes(query.operation)) &&
    (query.status === undefined || (query.status === 'error') === summary.errorCount > 0) &&
    summary.durationNano >= low &&
    summary.durationNano <= high &&
    // Of the query language, words to look for alone.
    `${query.text ?? ''} ${query.query ?? ''}`
      .toLowerCase()
      .trim()
      .split(/\s+/)
      .every((word) => text.includes(word))
  )
}

function toStored(trace: TraceResponse): Stored {
  const model = modelOf(trace)
  const root = trace.spans[model.root]!
  const text = trace.spans
    .slice(0, 500)
    .map((span) =>
      [span.name, span.statusMessage, ...span.attributes.map(({ value }) => String(value))].join('\n'),
    )
    .join('\n')
    .toLowerCase()
  return {
    startMs: unixMillis(root.startUnixNano),
    operations: [...new Set(trace.spans.slice(0, 500).map(({ name }) => name))],
    text,
    summary: {
      traceId: trace.traceId,
      rootService: trace.resources[root.resource]?.service ?? '',
      rootName: root.name,
      rootMissing: root.parentSpanId !== '',
      operation: model.operation ?? '',
      startUnixNano: root.startUnixNano,
      durationNano: model.times.length,
      spanCount: trace.spans.length,
      errorCount: model.failedOrder.length,
      tenants: model.tenants,
      users: model.users,
      services: model.services.map(({ name, spanCount, errorCount }) => ({ name, spanCount, errorCount })),
    },
  }
}
