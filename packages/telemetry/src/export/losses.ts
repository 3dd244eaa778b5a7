/** What is said at the end when spans were lost: one line, with each reason and what to change. */
import { diag } from '../own-diag.ts'
import type { DropReason, LedgerSnapshot, SampledReason } from './ledger.ts'

/** What was let go on purpose is no loss. */
type LossReason = Exclude<DropReason, SampledReason | 'no_exporter'>

/** By reason of the ledger; the README repeats it and a test compares the two. */
export const lossAdvice: Readonly<Record<LossReason, string>> = {
  queue_full: 'the collector was too slow or away: raise OTEL_BSP_MAX_QUEUE_SIZE, or look at the collector',
  shutdown: 'the collector did not answer before the shutdown deadline',
  refused: 'the collector refused them: see the errors above',
  encoding: 'they could not be encoded: see the errors above',
  memory: 'the process was short of memory: raise --max-old-space-size or the limit of its container',
  spool_full: 'the spool was full for longer than the collector was away: raise RUSTOK_SPOOL_MAX_BYTES',
  spool_damaged:
    'the spool could not be read back: see the errors above, and the disk under RUSTOK_SPOOL_DIRECTORY',
}

export function reportLosses(ledger: LedgerSnapshot): void {
  const line = describeLosses(ledger)
  if (line !== undefined) diag.warn(line)
}

/** Undefined when nothing was lost. */
export function describeLosses({ created, dropped, rejected }: LedgerSnapshot): string | undefined {
  const parts: string[] = []
  for (const [reason, advice] of Object.entries(lossAdvice)) {
    const count = dropped[reason as LossReason]
    if (count > 0) parts.push(`${count} (${advice})`)
  }
  if (rejected > 0) parts.push(`${rejected} (rejected by the collector)`)
  return parts.length === 0 ? undefined : `of ${created} spans, these were lost: ${parts.join('; ')}`
}
