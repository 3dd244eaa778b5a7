/**
 * Has merges wait while inserts need the processors. Merging a span costs three times what inserting it does; after a burst it is done once, for many
 * parts together, where during it each span is merged again and again. What waits is bounded: beyond, merges go on beside inserts, and inserts
 * build their indexes themselves. The engine's server tells it of each insert.
 */

import { indexesOfMergedSpans, indexOfYoungSpans } from '../schema/0006-young-parts.ts'

/** Bytes of a block, of some 30,000 spans: so many come at once only when more come than are stored meanwhile. */
const largeBlock = 5 * 1024 * 1024

/** Parts of a partition. Every question looks into each; with 1,000 of them the engine slows inserts down. */
const mostParts = 300
/** Spans that no merge has indexed yet: the burst of a minute. To look for a frequent value takes 0.3 µs for each of them. */
const mostUnindexed = 16_000_000

/** Shares of the time that large inserts take: from the first on merges wait, until the second. */
const [crowded, quiet] = [0.4, 0.2]
const interval = 1_000
/** Looks over which the share is taken. */
const looks = 2

interface Debt {
  /** Of the partition that has most. */
  readonly parts: number
  readonly unindexed: number
  /** Merges by which more than half of much work would be lost. */
  readonly advancedMerges: number
}

const debtOf = `SELECT max(parts), sum(unindexed), (SELECT countIf(progress > 0.5 AND elapsed > 5) FROM system.merges) FROM (
  SELECT count() AS parts, sumIf(rows, table IN ('spans', 'spans_local') AND level = 0) AS unindexed
  FROM system.parts WHERE active AND database != 'system' GROUP BY database, table, partition_id)`

export class MergeGate {
  readonly #run: (statement: string) => Promise<string>
  readonly #shares: number[] = []
  #timer: NodeJS.Timeout | undefined
  /** Merges wait. */
  #isClosed = false
  #debt: Debt = { parts: 0, unindexed: 0, advancedMerges: 0 }
  /** Of large inserts, since the last look. */
  #busy = 0
  #running = 0
  #since = 0
  #looked = 0

  /** `run` is a statement of the engine, with its rows as text separated by tabs. */
  constructor(run: (statement: string) => Promise<string>) {
    this.#run = run
  }

  /** Does an insert of so many bytes, which is told what indexes to leave out. */
  async during<Result>(bytes: number, insert: (indexesLeftOut: string) => Promise<Result>): Promise<Result> {
    if (bytes < largeBlock) return insert(indexOfYoungSpans)
    this.#begin()
    try {
      return await insert(this.#debt.unindexed < mostUnindexed ? indexesOfMergedSpans : indexOfYoungSpans)
    } finally {
      this.#end()
    }
  }

  /** What is known of the last second decides about the next. */
  async look(): Promise<void> {
    const now = performance.now()
    if (this.#running > 0) this.#busy += now - this.#since
    this.#since = now
    this.#shares.push(this.#busy / Math.max(1, now - this.#looked))
    this.#looked = now
    if (this.#shares.length > looks) this.#shares.shift()
    this.#busy = 0
    const share = this.#shares.reduce((sum, one) => sum + one, 0) / this.#shares.length
    this.#debt = await this.#measured()
    const close = shouldWait(this.#isClosed, share, this.#debt)
    if (close !== this.#isClosed) await this.#run(`SYSTEM ${close ? 'STOP' : 'START'} MERGES`)
    this.#isClosed = close
    if (!close && share === 0 && this.#running === 0) this.#rest()
  }

  close(): void {
    this.#rest()
  }

  #begin(): void {
    const now = performance.now()
    if (this.#running++ === 0) this.#since = now
    if (this.#timer !== undefined) return
    this.#looked = now
    this.#timer = this.#later()
  }

  #end(): void {
    if (--this.#running === 0) this.#busy += performance.now() - this.#since
  }

  #later(): NodeJS.Timeout {
    return setTimeout(async () => {
      const timer = this.#timer
      // An engine that cannot answer now is asked again.
      await this.look().catch(() => {})
      if (this.#timer === timer) this.#timer = this.#later()
    }, interval).unref()
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #measured(): Promise<Debt> {
    const [parts = 0, unindexed = 0, advancedMerges = 0] = (await this.#run(debtOf)).split('\t').map(Number)
    return { parts, unindexed, advancedMerges }
  }
}

/** Whether merges should wait, given whether they do, the share of the time that large inserts take, and what has piled up. */
export function shouldWait(waiting: boolean, share: number, debt: Debt): boolean {
  if (waiting) return share > quiet && debt.parts < mostParts
  return share >= crowded && debt.parts < mostParts / 2 && debt.advancedMerges === 0
}
