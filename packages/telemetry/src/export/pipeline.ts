/** The pipeline behind a tracer provider, wired: batcher → queue → exporter, and the ledger that watches them. */
import type { Envelope } from '@rustok/otlp'
import type { OtelConfigFields } from '../config.ts'
import { ExportQueue } from './export-queue.ts'
import type { Exporter } from './exporter.ts'
import { Ledger } from './ledger.ts'
import { OtlpGrpcExporter } from './otlp-grpc-exporter.ts'
import { SpanBatcher } from './span-batcher.ts'

/** For requests on the wire to report that they were cancelled, so that the ledger closes. */
const cancelTimeoutMs = 250

export class Pipeline {
  readonly ledger = new Ledger()
  readonly batcher: SpanBatcher
  readonly #queue: ExportQueue
  readonly #exporter: Exporter
  readonly #exportTimeout: number
  readonly #shutdownTimeout: number
  #shutdown: Promise<void> | undefined

  constructor(
    config: OtelConfigFields,
    resource: () => Envelope,
    exporter: Exporter = createExporter(config),
  ) {
    this.#exporter = exporter
    this.#exportTimeout = config.exportTimeout
    this.#shutdownTimeout = config.shutdownTimeout
    this.#queue = new ExportQueue(exporter, this.ledger, config)
    this.batcher = new SpanBatcher(resource, this.#queue, this.ledger, config)
  }

  /** Resolves when everything that has ended is delivered or given up, or after `timeoutMs`; never rejects. */
  async flush(timeoutMs = this.#exportTimeout): Promise<void> {
    this.batcher.seal()
    await this.#drained(timeoutMs)
  }

  /** Flushes for at most the shutdown timeout; what remains is dropped and counted. Idempotent; never rejects. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close()
    return this.#shutdown
  }

  async #close(): Promise<void> {
    this.batcher.close()
    this.#queue.hurry()
    await this.#drained(this.#shutdownTimeout)
    this.#queue.abandon()
    this.#exporter.close()
    await this.#drained(cancelTimeoutMs)
  }

  /** The timer is referenced, unlike all others here: the process must not exit while somebody waits for its spans to leave. */
  async #drained(timeoutMs: number): Promise<void> {
    const deadline = Promise.withResolvers<void>()
    const timer = setTimeout(deadline.resolve, timeoutMs)
    await Promise.race([this.#queue.drained(), deadline.promise])
    clearTimeout(timer)
  }
}

function createExporter(config: OtelConfigFields): Exporter {
  return new OtlpGrpcExporter(new URL(config.endpoint), config.headers)
}
