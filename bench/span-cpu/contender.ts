/** One tracing library in one configuration, as the measuring loop drives it. */
import type { Tracer } from '@opentelemetry/api'

/**
 * What is timed:
 * - `off`: tracing present and switched off
 * - `unsampled`: spans that the sampler turns down
 * - `encode`: spans up to OTLP bytes in requests of 512, which are thrown away
 * - `export`: the same sent over gRPC and acknowledged
 */
export type Stage = 'off' | 'unsampled' | 'encode' | 'export'

/** Spans in one request, for all contenders: the default of both. */
export const batchSize = 512

export interface Contender {
  /** Undefined for the loop without tracing. */
  readonly tracer: Tracer | undefined
  /** Called after every batch, and timed: resolves when the stage's work on it is done. Undefined when that is done by then. */
  readonly settle: (() => Promise<void>) | undefined
  /** After the last span: sends what is left and stops. */
  finish(): Promise<Account>
}

/** What became of the spans, by the contender's own count. */
export interface Account {
  /** Spans that went through the whole stage. */
  readonly done: number
  /** A request as it was made, where the contender does not send them. */
  readonly sample: Uint8Array | undefined
}

export const nothingDone: Account = { done: 0, sample: undefined }
