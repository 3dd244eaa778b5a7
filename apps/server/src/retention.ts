/**
 * Removes what is of use to nobody any more, a few rows at a time, every now and then: sessions that are over, requests for new passwords.
 * It runs where events are handled, in each such process; rows that another one has are left to that. (The outbox keeps itself: its relay prunes.)
 */
import { sql, type Transaction } from 'kysely'
import type { Database } from './db/schema.ts'
import type { TenantDatabase } from './db/tenant-database.ts'
import { Loop, type LoopObserver } from './events/loop.ts'

/** They have the policy `for_retention`, which says when a row's time is over (migration 0016). */
const SWEPT = ['sessions', 'password_resets'] as const

/** A statement of a few milliseconds: nobody waits for it. */
const BATCH = 500
const EVERY_MS = 10 * 60_000
/** Between two batches of many. */
const PAUSE_MS = 100

export type SweptTable = (typeof SWEPT)[number]

export interface RetentionObserver extends LoopObserver {
  /** So many rows of a table have gone; never 0. */
  swept(table: SweptTable, rows: number): void
}

export class Retention {
  readonly #loop: Loop

  constructor(tenants: TenantDatabase, observer: RetentionObserver) {
    const sweepAll = async () => {
      let full = false
      for (const table of SWEPT) {
        const rows = await tenants.system('retention', (trx) => sweep(trx, table))
        if (rows > 0) observer.swept(table, rows)
        full ||= rows === BATCH
      }
      return full ? PAUSE_MS : EVERY_MS
    }
    this.#loop = new Loop(sweepAll, observer)
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }
}

/** The oldest first. Which rows may go is the policy's to say: the system role sees no others. */
async function sweep(trx: Transaction<Database>, table: SweptTable): Promise<number> {
  const { numAffectedRows } = await sql`delete from ${sql.table(table)} where (tenant_id, id) in (
    select tenant_id, id from ${sql.table(table)} where expires_at < now()
    order by expires_at limit ${sql.lit(BATCH)} for update skip locked)`.execute(trx)
  return Number(numAffectedRows ?? 0n)
}
