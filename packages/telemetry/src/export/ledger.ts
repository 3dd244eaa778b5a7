/**
 * What became of every span: `created = exported + rejected + dropped + queued + spooled`, at any moment. Each stage of the
 * pipeline books what it does here; what is queued is the rest, so the pipeline's own count can be checked against it.
 */

export type DropReason =
  | 'queue_full'
  | 'shutdown'
  | 'refused'
  | 'encoding'
  | 'memory'
  | SpoolDropReason
  | SampledReason
  | 'no_exporter'
/** The spool's bound was reached and its oldest segment went; or what it had written could not be read back. */
export type SpoolDropReason = 'spool_full' | 'spool_damaged'

/** Let go on purpose: by a rate at the end of a trace, or because its tenant's budget was used up. */
export type SampledReason = 'tail_sampled' | 'tenant_budget'

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
  /** On disk, see RUSTOK_SPOOL_DIRECTORY. */
  readonly spooled: number
  /** Spans of processes that ended before, apart from all of the above. */
  readonly recovered: RecoveredSnapshot
}

/** `found = exported + rejected + dropped + spooled`, at any moment. */
export interface RecoveredSnapshot {
  /** On disk, left by processes that had ended. */
  readonly found: number
  readonly exported: number
  readonly rejected: number
  readonly dropped: Readonly<Record<RecoveredDropReason, number>>
  readonly spooled: number
}

type RecoveredDropReason = 'refused' | SpoolDropReason

/** Where a batch that left is booked: the process's own spans, or those that it has recovered. */
export interface Account {
  exported: number
  rejected: number
  spooled: number
  readonly dropped: Record<RecoveredDropReason, number>
}

export class Ledger implements Account {
  created = 0
  exported = 0
  rejected = 0
  spooled = 0
  readonly dropped: Record<DropReason, number> = {
    queue_full: 0,
    shutdown: 0,
    refused: 0,
    encoding: 0,
    memory: 0,
    spool_full: 0,
    spool_damaged: 0,
    tail_sampled: 0,
    tenant_budget: 0,
    no_exporter: 0,
  }
  readonly recovered: Account & { found: number } = {
    found: 0,
    exported: 0,
    rejected: 0,
    spooled: 0,
    dropped: { refused: 0, spool_full: 0, spool_damaged: 0 },
  }

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
      recovered: { ...this.recovered, dropped: { ...this.recovered.dropped } },
    }
  }
}
