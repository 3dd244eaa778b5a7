/**
 * What Lens counts about itself while it works. One set for the process, as there is one Lens in it: whoever does the work adds to it. What is asked at
 * the moment of a scrape is in scraped-metrics.ts.
 */

import { Counter, type Family, Gauge, Histogram } from './instruments.ts'

/** Seconds, from what one does not notice to what one gives up on. */
const durations = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export type Protocol = 'grpc' | 'http'
/** As the receivers' routes call what they take. */
export type Signal = string
/** By what the sender was told: `invalid` was refused as a whole, `busy` is to send again, `denied` has no token for it. */
export type IngestOutcome = 'accepted' | 'invalid' | 'busy' | 'denied' | 'failed'

export const ingestRequests = new Counter<{ protocol: Protocol; signal: Signal; outcome: IngestOutcome }>(
  'rustok_lens_ingest_requests',
  'Requests of senders, by what they were told.',
  [
    { protocol: 'grpc', signal: 'traces', outcome: 'accepted' },
    { protocol: 'http', signal: 'traces', outcome: 'accepted' },
  ],
)

export type RefusalReason =
  | 'malformed'
  | 'too_large'
  | 'content_type'
  | 'address'
  | 'token'
  | 'forbidden'
  | 'too_slow'
  | 'overloaded'
  | 'unavailable'
  | 'failed'

/** `overloaded` and `unavailable` are to send again; `forbidden` may not send, or is a page of no allowed origin. */
export const ingestRefusals = new Counter<{ protocol: Protocol; signal: Signal; reason: RefusalReason }>(
  'rustok_lens_ingest_refusals',
  'Requests of senders that were refused, by why.',
  [
    { protocol: 'grpc', signal: 'traces', reason: 'overloaded' },
    { protocol: 'http', signal: 'traces', reason: 'overloaded' },
  ],
)

export const ingestBytes = new Counter<{ protocol: Protocol }>(
  'rustok_lens_ingest_bytes',
  'Bytes of the requests that senders’ tokens allowed, inflated.',
  [{ protocol: 'grpc' }, { protocol: 'http' }],
)

/** Which of them were stored before is not known when they are: they count once in answers, and here each time. */
export const ingestRows = new Counter<{ table: string; outcome: 'stored' | 'refused' }>(
  'rustok_lens_ingest_rows',
  'Spans and log records that were stored, or refused for what they are.',
  [
    { table: 'spans', outcome: 'stored' },
    { table: 'spans', outcome: 'refused' },
    { table: 'logs', outcome: 'stored' },
  ],
)

export const refusedSpans = new Counter<{ field: string }>(
  'rustok_lens_ingest_spans_refused',
  'Spans that were refused, by the field that is not valid.',
  [{ field: 'traceId' }, { field: 'spanId' }, { field: 'parentSpanId' }],
)

export const ingestBacklog = new Gauge<{ table: string }>(
  'rustok_lens_ingest_backlog_bytes',
  'Bytes of rows that were taken and wait for the store; beyond a bound, senders are told to come again.',
  [{ table: 'spans' }, { table: 'logs' }],
)

export const liveTails = new Gauge('rustok_lens_live_tails', 'Clients of the live tail.', [{}])

export const insertSeconds = new Histogram<{ outcome: 'stored' | 'failed' }>(
  'rustok_lens_insert_seconds',
  'How long inserts into the store took, each of one or more requests.',
  durations,
  [{ outcome: 'stored' }, { outcome: 'failed' }],
)

export const insertBytes = new Counter('rustok_lens_insert_bytes', 'Bytes of inserted blocks.', [{}])

export const querySeconds = new Histogram<{ route: string; status: string }>(
  'rustok_lens_http_request_seconds',
  'How long requests to the query API took, by route and status.',
  durations,
  [],
)

export const queryLimits = new Counter<{ limit: 'resources' | 'queue' }>(
  'rustok_lens_query_limits_reached',
  'Queries that were ended by their limits of time, memory and rows, or had no place in the queue.',
  [{ limit: 'resources' }, { limit: 'queue' }],
)

export const engineRestarts = new Counter(
  'rustok_lens_engine_restarts',
  'How often the embedded engine died and was started again.',
  [{}],
)

export const lensMetrics: readonly Family[] = [
  ingestRequests,
  ingestRefusals,
  ingestBytes,
  ingestRows,
  refusedSpans,
  ingestBacklog,
  insertSeconds,
  insertBytes,
  querySeconds,
  queryLimits,
  liveTails,
  engineRestarts,
]
