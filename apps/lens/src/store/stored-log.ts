/** A row of `logs` as the queries read it, back in the words of OTLP. */

import type { AnyValue, KeyValue } from '@rustok/otlp'
import type { StoredResource, StoredScope } from './resource-blob.ts'

/** What the row's time is: the record's own, when it was observed, or when it arrived. By the numbers in the store. */
export const timeSources = ['sent', 'observed', 'received'] as const
export type TimeSource = (typeof timeSources)[number]

export interface StoredLog {
  /** By what it says: the same for a record that was sent again. Decimal digits. */
  readonly id: string
  /** What it is sorted by: the first of `timeSources` that there is. */
  readonly timeUnixNano: bigint
  readonly timeSource: TimeSource
  /** As it was sent: 0 for none. */
  readonly observedUnixNano: bigint
  /** 32 and 16 lower-case hex digits; empty for none. */
  readonly traceId: string
  readonly spanId: string
  readonly severityNumber: number
  readonly severityText: string
  readonly body: AnyValue
  readonly eventName: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributes: number
  readonly flags: number
  readonly tenant: string
  readonly user: string
  readonly service: string
  readonly resource: StoredResource
  readonly scope: StoredScope
}
