/**
 * What became of every span: `created = exported + rejected + dropped + queued + spooled`, at any moment. Each stage of the
 * pipeline books what it does here; what is queued is the rest, so the pipeline's own count can be checked against it.
 */

export type DropReason = 'queue_full' | 'shutdown' | 'refused' | 'encoding'

export interface LedgerSnapshot {
  /** Sampled spans that have ended. */
  readonly created: number
  /** Acknowledged by the collector. */
  readonly exported: number
  /** Turned down by the collector in a partial success. */
  readonly rejected: number
  readonly dropped: Readonly<Record<DropReason, number>>
  /** In memory: in the open batch, waiting, or on the way. */
  readonly queued: number
  readonly spooled: number
}

export class Ledger {
  created = 0
  exported = 0
  rejected = 0
  spooled = 0
  readonly dropped: Record<DropReason, number> = { queue_full: 0, shutdown: 0, refused: 0, encoding: 0 }

  /** Books a span that could not even be read. */
  refuseUnread(): void {
    this.created++
    this.dropped.encoding++
  }

  get droppedTotal(): number {
    return Object.values(this.dropped).reduce((sum, count) => sum + count, 0)
  }

  snapshot(): LedgerSnapshot {
    const settled = this.exported + this.rejected + this.droppedTotal + this.spooled
    return {
      created: this.created,
      exported: this.exported,
      rejected: this.rejected,
      dropped: { ...this.dropped },
      queued: this.created - settled,
      spooled: this.spooled,
    }
  }
}
