/**
 * The server's Prometheus metrics. A registry per server, not the library's global one, so that two servers in one process
 * (tests, a bench) do not add up. Labels hold what the code defines, never what a request says.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { ContentOperation, OperationObserver } from './content/content-service.ts'
import type { OperationOutcome } from './domain/result.ts'
import type { SessionObserver, SessionOperation, SessionOutcome } from './identity/session-service.ts'

/** From an answer out of memory to a request that is about to time out. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export class ServerMetrics implements OperationObserver, SessionObserver {
  readonly registry = new Registry()
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
    registers: [this.registry],
  })
  readonly #operations = new Counter({
    name: 'rustok_content_operations_total',
    help: 'Operations on content, by outcome',
    labelNames: ['operation', 'outcome'] as const,
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
    help: 'Sign-ins, refreshes and sign-outs, by outcome',
    labelNames: ['operation', 'outcome'] as const,
    registers: [this.registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
  }

  httpRequest(method: string, route: string, status: number, seconds: number): void {
    const labels = { method, route, status: String(status) }
    this.#requests.inc(labels)
    this.#durations.observe(labels, seconds)
  }

  contentOperation(operation: ContentOperation, outcome: OperationOutcome): void {
    this.#operations.inc({ operation, outcome })
  }

  sessionOperation(operation: SessionOperation, outcome: SessionOutcome): void {
    this.#sessions.inc({ operation, outcome })
  }

  eventDelivered(type: string, handler: string, outcome: string): void {
    this.#deliveries.inc({ type, handler, outcome })
  }
}
