/**
 * The server's metrics, as `metrics/exposition.ts` writes them down. A registry per server, not the library's global one, so that two servers in one process
 * (tests, a bench) do not add up. Labels hold what the code defines, never what a request says.
 */
import { isSpanContextValid, type Span, TraceFlags, trace } from '@opentelemetry/api'
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client'
import type { CommerceObserver, CommerceOperation } from './commerce/commerce-observer.ts'
import type { ContentOperation, OperationObserver } from './content/content-observer.ts'
import type { PoolState } from './db/engine.ts'
import type { Totals } from './db/totals.ts'
import type { OperationOutcome } from './domain/result.ts'
import type { Backlog, HandlerBacklog } from './events/outbox/backlog.ts'
import type { SessionObserver, SessionOperation, SessionOutcome } from './identity/session-observer.ts'
import type { SweptTable } from './retention.ts'

/** From an answer out of memory to a request that is about to time out. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export class ServerMetrics implements OperationObserver, CommerceObserver, SessionObserver {
  /** prom-client keeps exemplars in a registry of this kind alone. */
  readonly registry = openMetricsRegistry()
  readonly #requests = new Counter({
    name: 'rustok_http_requests_total',
    help: 'HTTP requests answered, by method, route and status code',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [this.registry],
  })
  readonly #durations = new Histogram({
    name: 'rustok_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: DURATION_BUCKETS,
    enableExemplars: true,
    registers: [this.registry],
  })
  readonly #operations = new Counter({
    name: 'rustok_content_operations_total',
    help: 'Operations on content, by outcome',
    labelNames: ['operation', 'outcome'] as const,
    registers: [this.registry],
  })
  readonly #contentDurations = new Histogram({
    name: 'rustok_content_operation_duration_seconds',
    help: 'Time that operations on content take, whatever their outcome',
    labelNames: ['operation'] as const,
    buckets: DURATION_BUCKETS,
    enableExemplars: true,
    registers: [this.registry],
  })
  readonly #commerceOperations = new Counter({
    name: 'rustok_commerce_operations_total',
    help: 'Operations of the shop, by outcome',
    labelNames: ['operation', 'outcome'] as const,
    registers: [this.registry],
  })
  readonly #commerceDurations = new Histogram({
    name: 'rustok_commerce_operation_duration_seconds',
    help: 'Time that operations of the shop take, whatever their outcome',
    labelNames: ['operation'] as const,
    buckets: DURATION_BUCKETS,
    enableExemplars: true,
    registers: [this.registry],
  })
  readonly #deliveries = new Counter({
    name: 'rustok_event_deliveries_total',
    help: 'Events delivered to handlers, by outcome',
    labelNames: ['type', 'handler', 'outcome'] as const,
    registers: [this.registry],
  })

  readonly #sessions = new Counter({
    name: 'rustok_session_operations_total',
    help: 'Sign-ins, refreshes, sign-outs and changes of passwords, by outcome',
    labelNames: ['operation', 'outcome'] as const,
    registers: [this.registry],
  })

  readonly #swept = new Counter({
    name: 'rustok_retention_rows_total',
    help: 'Rows removed because their time was over, by table',
    labelNames: ['table'] as const,
    registers: [this.registry],
  })

  /** The numbers of tracing, as OpenMetrics. */
  readonly readTracing: () => string

  constructor(readTracing: () => string = () => '') {
    this.readTracing = readTracing
    collectDefaultMetrics({ register: this.registry })
  }

  /** `span` is the request's, which is not active any more when its answer is out. */
  httpRequest(method: string, route: string, status: number, seconds: number, span?: Span): void {
    const labels = { method, route, status: String(status) }
    this.#requests.inc(labels)
    this.#durations.observe({ labels, value: seconds, exemplarLabels: exemplarOf(span) })
  }

  contentOperation(operation: ContentOperation, outcome: OperationOutcome, seconds: number): void {
    this.#operations.inc({ operation, outcome })
    this.#contentDurations.observe({
      labels: { operation },
      value: seconds,
      exemplarLabels: exemplarOf(trace.getActiveSpan()),
    })
  }

  commerceOperation(operation: CommerceOperation, outcome: string, seconds: number): void {
    this.#commerceOperations.inc({ operation, outcome })
    this.#commerceDurations.observe({
      labels: { operation },
      value: seconds,
      exemplarLabels: exemplarOf(trace.getActiveSpan()),
    })
  }

  sessionOperation(operation: SessionOperation, outcome: SessionOutcome): void {
    this.#sessions.inc({ operation, outcome })
  }

  eventDelivered(type: string, handler: string, outcome: string): void {
    this.#deliveries.inc({ type, handler, outcome })
  }

  rowsSwept(table: SweptTable, rows: number): void {
    this.#swept.inc({ table }, rows)
  }

  /** The database's connections, asked when somebody looks. */
  watchPool(read: () => PoolState): void {
    const gauge = (name: string, help: string, of: (pool: PoolState) => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(of(read()))
        },
      })
    gauge('rustok_db_pool_connections_max', 'Connections to the database at most', ({ max }) => max)
    gauge('rustok_db_pool_connections_open', 'Connections that are open, in use or not', ({ open }) => open)
    gauge('rustok_db_pool_connections_idle', 'Connections that nobody uses', ({ idle }) => idle)
    gauge('rustok_db_pool_waiting', 'Callers that wait for a connection', ({ waiting }) => waiting)
  }

  /** How much there is of what tenants keep, all tenants together; while the database is away, the answer has none of it. */
  watchTotals(read: () => Promise<Totals>): void {
    const gauge = (name: string, help: string, of: (totals: Totals) => number) =>
      new Gauge({
        name,
        help,
        registers: [this.registry],
        async collect() {
          const found = await read().catch(() => undefined)
          if (found === undefined) this.remove()
          else this.set(of(found))
        },
      })
    gauge('rustok_content_nodes_total', 'Nodes of all tenants', ({ nodes }) => nodes)
    gauge('rustok_commerce_products_total', 'Products of all tenants', ({ products }) => products)
    gauge('rustok_commerce_orders_total', 'Orders of all tenants', ({ orders }) => orders)
  }

  /** What waits, asked when somebody looks; while the database is away, the answer has none of it. */
  watchBacklog(read: () => Promise<Backlog>): void {
    const registers = [this.registry]
    // Once for all of these in one look at the metrics.
    let reading: Promise<Backlog | undefined> | undefined
    const backlog = () => {
      reading ??= read()
        .catch(() => undefined)
        .finally(() => {
          reading = undefined
        })
      return reading
    }
    const total = (name: string, help: string, of: (backlog: Backlog) => number) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          const found = await backlog()
          if (found === undefined) this.remove()
          else this.set(of(found))
        },
      })
    const byHandler = (name: string, help: string, of: (handler: HandlerBacklog) => number) =>
      new Gauge({
        name,
        help,
        registers,
        labelNames: ['handler'] as const,
        async collect() {
          const found = await backlog()
          this.reset()
          for (const one of found?.handlers ?? []) this.set({ handler: one.handler }, of(one))
        },
      })
    total('rustok_outbox_depth', 'Events that the bus does not have yet', ({ depth }) => depth)
    total(
      'rustok_outbox_lag_seconds',
      'Age of the oldest event that the bus does not have yet',
      ({ lagSeconds }) => lagSeconds,
    )
    byHandler(
      'rustok_event_deliveries_pending',
      'Events in the database that a handler has yet to handle, or to try again',
      ({ pending }) => pending,
    )
    byHandler('rustok_event_dead_letters', 'Events that a handler has given up on', ({ dead }) => dead)
  }
}

/** The way from a bar of a histogram to a trace that is one of it. Only to those that were kept. */
function exemplarOf(span: Span | undefined): Record<string, string> {
  const identity = span?.spanContext()
  if (identity === undefined || !isSpanContextValid(identity)) return {}
  if ((identity.traceFlags & TraceFlags.SAMPLED) === 0) return {}
  return { trace_id: identity.traceId, span_id: identity.spanId }
}

function openMetricsRegistry(): Registry<OpenMetricsContentType> {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  return registry
}
