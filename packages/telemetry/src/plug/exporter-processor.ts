/**
 * Batches for a SpanExporter that is plugged in: bounded, one export at a time, each with a deadline. What does not fit is dropped and said;
 * these spans are not in the ledger, which accounts for the pipeline of bytes.
 */

import { outside } from '../export/outside.ts'
import { diag } from '../own-diag.ts'
import { sampledFlag } from '../trace/span-identity.ts'
import type { ExportResult, ReadableSpan, SpanExporter, SpanProcessor } from './interfaces.ts'
import { nameOf, settledWithin } from './isolation.ts'

export interface ExporterLimits {
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  /** Milliseconds. */
  readonly scheduleDelay: number
  readonly exportTimeout: number
}

export class ExporterProcessor implements SpanProcessor {
  readonly #exporter: SpanExporter
  readonly #limits: ExporterLimits
  readonly #waiting: ReadableSpan[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(exporter: SpanExporter, limits: ExporterLimits) {
    this.#exporter = exporter
    this.#limits = limits
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & sampledFlag) === 0) return
    if (this.#waiting.length >= this.#limits.maxQueueSize) {
      diag.warn(`a span is dropped: ${nameOf(this.#exporter)} is slower than spans end`)
      return
    }
    this.#waiting.push(span)
    if (this.#running !== undefined) return
    if (this.#waiting.length >= this.#limits.maxExportBatchSize) void this.#drain(false)
    else this.#arm()
  }

  /** Exports what has ended until now. */
  async forceFlush(): Promise<void> {
    // What runs may have left spans that did not fill a batch.
    await this.#running
    await this.#drain(true)
    await this.#exporter.forceFlush?.()
  }

  async shutdown(): Promise<void> {
    try {
      await this.forceFlush()
    } finally {
      clearTimeout(this.#timer)
      await this.#exporter.shutdown()
    }
  }

  toString(): string {
    return nameOf(this.#exporter)
  }

  /** Exports batch by batch; `all` includes the last one that is not full. */
  #drain(all: boolean): Promise<void> {
    this.#running ??= this.#exportBatches(all).finally(() => {
      this.#running = undefined
      if (this.#waiting.length > 0) this.#arm()
    })
    return this.#running
  }

  async #exportBatches(all: boolean): Promise<void> {
    const { maxExportBatchSize } = this.#limits
    while (this.#waiting.length >= (all ? 1 : maxExportBatchSize)) {
      await this.#export(this.#waiting.splice(0, maxExportBatchSize))
    }
  }

  async #export(spans: ReadableSpan[]): Promise<void> {
    const what = nameOf(this.#exporter)
    const { resource } = spans[0]!
    await settledWithin(what, this.#limits.exportTimeout, async () => {
      if (resource.asyncAttributesPending === true) await resource.waitForAsyncAttributes?.()
      // The first call decides: a promise is settled once.
      const { code, error } = await new Promise<ExportResult>((resolve, reject) => {
        const returned: unknown = this.#exporter.export(spans, resolve)
        // An async method has a promise of its own, and only that says that it failed.
        if (returned instanceof Promise) returned.catch(reject)
      })
      if (code !== 0) throw error ?? new Error(`${spans.length} spans were not exported`)
    })
  }

  /** One timer at a time, from the first span that waits. */
  #arm(): void {
    this.#timer ??= outside(() =>
      setTimeout(() => {
        this.#timer = undefined
        void this.#drain(true)
      }, this.#limits.scheduleDelay).unref(),
    )
  }
}
