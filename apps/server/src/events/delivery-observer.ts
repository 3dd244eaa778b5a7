/** What becomes of deliveries, for the log and the metrics. */
import type { EventEnvelope } from './envelope.ts'

/** `failed` is tried again, `dead` is not; `parked` left the broker to be tried again from the database. */
export type DeliveryOutcome = 'handled' | 'duplicate' | 'failed' | 'dead' | 'parked'

export interface DeliveryObserver {
  /** Called inside the span it is about. */
  delivered(event: EventEnvelope, handler: string, outcome: DeliveryOutcome, error?: unknown): void
}
