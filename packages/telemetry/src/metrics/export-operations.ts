/**
 * The exports of a pipeline as operations: from the first attempt of a batch to its end, whatever retries lie between (semantic conventions:
 * `otel.sdk.exporter.*`). The queue tells of each; once per batch, not per span.
 */
import type { ExportOutcome } from '../export/exporter.ts'
import { Histogram } from './histogram.ts'

interface Operation {
  readonly spans: number
  readonly isStored: boolean
  readonly startedAt: number
  outcome: ExportOutcome | undefined
}

/** Causes of failures that are told apart. */
const maxErrorTypes = 32
const otherError = '_OTHER'

/** Of the operations that ended in one way. */
export interface OperationTotals {
  spans: number
  readonly durations: Histogram
}

export class ExportOperations {
  readonly #open = new Map<object, Operation>()
  /** Of the exports that ended by an error, by its type. */
  readonly failed = new Map<string, OperationTotals>()
  readonly succeeded: OperationTotals = { spans: 0, durations: new Histogram() }
  rejected = 0
  /** Spans with the exporter, their fate open; `stored` of them come from the spool. */
  inflight = 0
  stored = 0
  /** Spans whose exports ended without an answer that is final: dropped at shutdown, or spooled. */
  abandoned = 0

  begin(batch: object, spans: number, isStored = false): void {
    if (this.#open.has(batch)) return
    this.#open.set(batch, { spans, isStored, startedAt: performance.now(), outcome: undefined })
    this.inflight += spans
    if (isStored) this.stored += spans
  }

  answered(batch: object, outcome: ExportOutcome): void {
    const operation = this.#open.get(batch)
    if (operation !== undefined) operation.outcome = outcome
  }

  /** The batch is delivered, refused, or not this exporter's business any more. */
  end(batch: object): void {
    const operation = this.#open.get(batch)
    if (operation === undefined) return
    this.#open.delete(batch)
    const { spans, isStored, startedAt, outcome } = operation
    this.inflight -= spans
    if (isStored) this.stored -= spans
    const seconds = (performance.now() - startedAt) / 1000
    if (outcome?.kind === 'accepted') {
      const rejected = Math.max(0, Math.min(outcome.rejected, spans))
      this.rejected += rejected
      this.succeeded.spans += spans - rejected
      // A partial success is none (OTLP: "Full Success").
      if (rejected === 0) this.succeeded.durations.observe(seconds)
      else this.#failure('rejected').durations.observe(seconds)
      return
    }
    if (outcome?.kind !== 'refused') this.abandoned += spans
    const failure = this.#failure(outcome === undefined ? 'shutdown' : errorType(outcome.reason))
    failure.spans += spans
    failure.durations.observe(seconds)
  }

  #failure(type: string): OperationTotals {
    const known = this.failed.get(type)
    if (known !== undefined) return known
    if (this.failed.size >= maxErrorTypes && type !== otherError) return this.#failure(otherError)
    const totals = { spans: 0, durations: new Histogram() }
    this.failed.set(type, totals)
    return totals
  }
}

/** Reasons begin with a name or a number: `UNAVAILABLE: …`, `HTTP status 503: …`. */
function errorType(reason: string): string {
  return /^(?:HTTP status )?([A-Za-z0-9_]{1,40})\b/.exec(reason)?.[1] ?? otherError
}
