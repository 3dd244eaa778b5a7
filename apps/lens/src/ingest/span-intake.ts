/** Takes requests of spans, in protobuf or as objects, and resolves when their spans are stored. The receivers call it. */

import { encodeTraceRequest, type TraceRequest } from '@rustok/otlp'
import type { Logger } from 'pino'
import { ingestRows, refusedSpans } from '../metrics/lens-metrics.ts'
import type { Store } from '../store/store.ts'
import { GroupCommit } from './group-commit.ts'
import { SpanTranscoder } from './transcode-spans.ts'

export { IntakeOverloadedError, IntakeUnavailableError } from './group-commit.ts'

/** As OTLP's partial success: what was refused must not be sent again. */
export interface IntakeOutcome {
  readonly refused: number
  readonly message: string
}

export interface IntakeOptions {
  /** Of every span, whatever the spans say. */
  readonly tenant?: string | undefined
}

export class SpanIntake {
  readonly #commit: GroupCommit<SpanTranscoder>

  constructor(store: Pick<Store, 'engine' | 'ready'>, log: Logger) {
    const newBlock = (used?: SpanTranscoder) => {
      const received = Math.floor(Date.now() / 1000)
      return used?.clear(received) ?? new SpanTranscoder(received)
    }
    this.#commit = new GroupCommit(store, 'spans', newBlock, log)
  }

  /**
   * An ExportTraceServiceRequest in protobuf. Resolves when every span that was not refused is stored. Rejects with MalformedOtlpError for other
   * bytes, and with IntakeUnavailableError when the sender should retry; nothing of it is stored then.
   */
  async accept(body: Uint8Array, { tenant }: IntakeOptions = {}): Promise<IntakeOutcome> {
    const refusals = await this.#commit.add((block) => block.append(body, tenant))
    const { count, message } = refusals
    if (count > 0) {
      ingestRows.add(count, { table: 'spans', outcome: 'refused' })
      for (const [field, refused] of refusals.byField()) refusedSpans.add(refused, { field })
    }
    return { refused: count, message }
  }

  /** The same for a request that came in another form. */
  acceptRequest(request: TraceRequest, options?: IntakeOptions): Promise<IntakeOutcome> {
    return this.accept(encodeTraceRequest(request), options)
  }

  /** Throws what `accept` would reject with, whatever the request: a receiver need not read it then. */
  checkRoom(): void {
    this.#commit.checkRoom()
  }

  /** Bytes that wait for the store. */
  get backlog(): number {
    return this.#commit.backlog
  }

  /** Resolves when all that was accepted is stored, or has failed. */
  close(): Promise<void> {
    return this.#commit.close()
  }
}
