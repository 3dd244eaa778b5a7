/** The pipeline behind a tracer provider, wired: batcher → queue → exporter, and the ledger that watches them. */
import { encodeResource, type ResourceInput } from '@rustok/otlp'
import type { OtelConfigFields } from '../config.ts'
import { ExportQueue } from './export-queue.ts'
import type { Exporter } from './exporter.ts'
import { Ledger } from './ledger.ts'
import { OtlpGrpcExporter } from './otlp-grpc-exporter.ts'
import { SpanBatcher } from './span-batcher.ts'

export class Pipeline {
  readonly ledger = new Ledger()
  readonly batcher: SpanBatcher
  readonly #queue: ExportQueue
  readonly #exporter: Exporter
  readonly #shutdownTimeout: number
  #shutdown: Promise<void> | undefined

  constructor(
    config: OtelConfigFields,
    resource: ResourceInput,
    exporter: Exporter = createExporter(config),
  ) {
    this.#exporter = exporter
    this.#shutdownTimeout = config.shutdownTimeout
    this.#queue = new ExportQueue(exporter, this.ledger, config)
    this.batcher = new SpanBatcher(encodeResource(resource), this.#queue, this.ledger, config)
  }

  /** Resolves when everything that had ended by now is delivered or given up. */
  async flush(): Promise<void> {
    this.batcher.seal()
    await this.#queue.drained()
  }

  /** Flushes for at most the shutdown timeout; what remains is dropped and counted. Idempotent; never rejects. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#close()
    return this.#shutdown
  }

  async #close(): Promise<void> {
    this.batcher.close()
    this.#queue.hurry()
    const deadline = Promise.withResolvers<void>()
    // Referenced, unlike all other timers here: the process must not exit before its spans have left.
    const timer = setTimeout(deadline.resolve, this.#shutdownTimeout)
    await Promise.race([this.#queue.drained(), deadline.promise])
    clearTimeout(timer)
    this.#queue.abandon()
    this.#exporter.close()
  }
}

function createExporter(config: OtelConfigFields): Exporter {
  return new OtlpGrpcExporter(new URL(config.endpoint), config.headers)
}
