/**
 * Where batches go that cannot be delivered now, and come back from: the queue's side of the spool. The queue hands over what would otherwise
 * wait in memory, and asks for what may be sent when it has a place on the wire.
 */
import type { Batch } from './batch.ts'
import type { Account } from './ledger.ts'

/** A batch that is safe where it came from, whatever becomes of this attempt. */
export interface StoredBatch {
  readonly request: Uint8Array
  readonly spans: number
  /** Where its delivery is booked. */
  readonly account: Account
}

export interface Overflow {
  /** Who is told of what `take` took, and of batches that are ready. Called once, before the others. */
  attach(owner: OverflowOwner): void
  /** Takes a batch over, to be settled by `stored` or `returned`; false when it cannot now. */
  take(batch: Batch): boolean
  /** A batch to send, which must be answered by `settled`; undefined when none is ready, `ready` is called when there may be one. */
  next(): StoredBatch | undefined
  /** What became of it: false when it must be sent again. */
  settled(batch: StoredBatch, delivered: boolean): void
}

export interface OverflowOwner {
  /** The batch is safe: its memory may be used for others. */
  stored(batch: Batch): void
  /** The batch could not be stored after all and is the queue's again. */
  returned(batch: Batch): void
  ready(): void
}
