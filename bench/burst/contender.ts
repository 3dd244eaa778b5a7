/** One tracing library whose collector has stopped to answer, as the burst drives it. */
import type { Tracer } from '@opentelemetry/api'

export interface BurstContender {
  readonly tracer: Tracer
  /** Spans that were made and are not held any more. Called once, at the end. */
  lost(made: number): Promise<number>
}
