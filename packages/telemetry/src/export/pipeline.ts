/** The pipeline behind a tracer provider, wired: batcher → queue → exporter, and the ledger that watches them. */

import type { Envelope } from '@rustok/otlp'
import type { OtelConfigFields } from '../config.ts'
import type { ExportOperations } from '../metrics/export-operations.ts'
import { createSpool, type Spool } from '../spool/spool.ts'
import { Batch } from './batch.ts'
import { createExporter, createSink } from './create-exporter.ts'
import { ExportQueue } from './export-queue.ts'
import type { Exporter } from './exporter.ts'
import { Ledger } from './ledger.ts'
import { type BatchSink, SpanBatcher } from './span-batcher.ts'

/** For requests on the wire to report that they were cancelled, so that the ledger closes. */
const cancelTimeoutMs = 250
/** For a slow disk to take what was left. */
const spoolTimeoutMs = 500
/** Somebody is watching. */
const consoleDelayMs = 200

export class Pipeline {
  readonly ledger = new Ledger()
  readonly batcher: SpanBatcher
  readonly #queue: ExportQueue
  readonly #sink: BatchSink
  readonly #exporter: Exporter
  readonly #spool: Spool | undefined
  readonly #exportTimeout: number
  readonly #shutdownTimeout: number
  #shutdown: Promise<void> | undefined

  constructor(config: OtelConfigFields, resource: () => Envelope, given?: Exporter) {
    const exporter = given ?? createExporter(config)
    this.#exporter = exporter
    this.#exportTimeout = config.exportTimeout
    this.#shutdownTimeout = config.shutdownTimeout
    this.#spool = createSpool(config, this.ledger)
    this.#queue = new ExportQueue(exporter, this.ledger, config, this.#spool)
    this.#sink = given === undefined ? createSink(config, this.#queue, this.ledger) : this.#queue
    this.batcher = new SpanBatcher(resource, this.#sink, this.ledger, {
      maxExportBatchSize: config.maxExportBatchSize,
      scheduleDelay: config.exporters.includes('console')
        ? Math.min(consoleDelayMs, config.scheduleDelay)
        : config.scheduleDelay,
    })
  }

  /** Resolves with true when everything that has ended is delivered or given up, with false after `timeoutMs`; never rejects. */
  flush(timeoutMs = this.#exportTimeout): Promise<boolean> {
    this.batcher.seal()
    return this.#drained(timeoutMs)
  }

  /** Takes a request that a worker thread has sealed. Returns how many of its spans were dropped. */
  accept(request: Uint8Array, spans: number): number {
    const { ledger } = this
    ledger.created += spans
    const before = ledger.droppedTotal
    if (this.#shutdown === undefined) this.#sink.offer(new Batch(request, spans))
    else ledger.dropped.shutdown += spans
    return ledger.droppedTotal - before
  }

  /** Flushes for at most the timeout; what remains is spooled, or else dropped and counted. Idempotent; never rejects. */
  shutdown(timeoutMs = this.#shutdownTimeout): Promise<void> {
    this.#shutdown ??= this.#close(timeoutMs)
    return this.#shutdown
  }

  /** All that has ended and is not delivered, as requests, for a last synchronous attempt; see ExportQueue. */
  takeUndelivered(): readonly Batch[] {
    this.batcher.close()
    return this.#queue.takeUndelivered()
  }

  /** What became of each export, for metrics. */
  get operations(): ExportOperations {
    return this.#queue.operations
  }

  /** Stores batches on disk before it returns: the spans that are safe there, booked as such. None without a spool. */
  storeSync(batches: readonly Batch[]): number {
    return this.#spool?.appendSync(batches) ?? 0
  }

  async #close(timeoutMs: number): Promise<void> {
    this.batcher.close()
    if (timeoutMs > 0) {
      this.#queue.hurry()
      await this.#drained(timeoutMs)
    }
    this.#queue.abandon()
    this.#exporter.close()
    await this.#drained(cancelTimeoutMs)
    await this.#spool?.close(spoolTimeoutMs)
  }

  /** The timer is referenced, unlike all others here: the process must not exit while somebody waits for its spans to leave. */
  async #drained(timeoutMs: number): Promise<boolean> {
    const deadline = Promise.withResolvers<boolean>()
    const timer = setTimeout(deadline.resolve, timeoutMs, false)
    const inTime = await Promise.race([this.#queue.drained().then(() => true), deadline.promise])
    clearTimeout(timer)
    return inTime
  }
}
