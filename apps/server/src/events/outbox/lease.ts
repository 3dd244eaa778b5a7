/**
 * Takes waiting events out of the outbox, for one relay at a time. There is no cursor: what is not marked as published is waiting, whenever
 * its transaction committed.
 *
 * Rows are taken under an advisory lock, by statements that follow it: so each relay sees what others have leased, and never takes an event
 * while another one has an earlier one of the same key. It is held for the milliseconds of these statements, and goes with its connection.
 */
import { sql, type Transaction } from 'kysely'
import type { Database } from '../../db/schema.ts'
import type { EventEnvelope } from '../envelope.ts'

/** "rustok outbox", in a space that nothing else in the database uses. */
const LOCK = 0x72_6b_6f_62
/** A relay that freezes between two statements must not keep the lock. */
const ABANDONED_MS = 5_000

/** At most this many events are out at a time: of 256 KiB at worst, and typically of 600 bytes. */
export const BATCH = 200

/** False while another relay takes rows. */
export async function lockOutbox(trx: Transaction<Database>): Promise<boolean> {
  const { rows } = await sql<{
    locked: boolean
  }>`select pg_try_advisory_xact_lock(${sql.lit(LOCK)}) as locked,
    set_config('idle_in_transaction_session_timeout', ${sql.lit(String(ABANDONED_MS))}, true)`.execute(trx)
  return rows[0]?.locked === true
}

/** Leases the oldest that wait, in their order; the lock is held. */
export async function leaseEvents(
  trx: Transaction<Database>,
  lease: string,
  leaseMs: number,
): Promise<readonly EventEnvelope[]> {
  const { rows } = await sql<{ envelope: EventEnvelope }>`
    with waiting as (
      select id from outbox o
      where published_at is null and (lease is null or leased_until < clock_timestamp())
        and not exists (
          select from outbox e
          where e.published_at is null and e.lease is not null and e.leased_until >= clock_timestamp()
            and e.key = o.key and e.position < o.position)
      order by position limit ${sql.lit(BATCH)}
      for update skip locked
    ), taken as (
      update outbox set lease = ${lease}::uuid, leased_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
      from waiting where outbox.id = waiting.id
      returning outbox.position, outbox.envelope
    )
    select envelope from taken order by position`.execute(trx)
  return rows.map((row) => row.envelope)
}

/** Those that the bus has; the others of the batch may be taken again at once. */
export async function settleLease(
  trx: Transaction<Database>,
  lease: string,
  published: readonly string[],
): Promise<void> {
  if (published.length > 0) {
    await trx
      .updateTable('outbox')
      .set({ published_at: sql`clock_timestamp()`, lease: null, leased_until: null })
      .where('id', 'in', published)
      .execute()
  }
  await trx
    .updateTable('outbox')
    .set({ lease: null, leased_until: null })
    .where('lease', '=', lease)
    .where('published_at', 'is', null)
    .execute()
}

export interface Subscription {
  readonly handler: string
  readonly type: string
}

/**
 * The bus within the database: hands the waiting events to their handlers' deliveries and marks them as published, in one statement. The
 * lock is held.
 */
export async function fanOut(
  trx: Transaction<Database>,
  subscriptions: readonly Subscription[],
): Promise<readonly EventEnvelope[]> {
  const { rows } = await sql<{ envelope: EventEnvelope }>`
    with waiting as (
      select id, position, tenant_id, key, type, envelope from outbox
      where published_at is null and (lease is null or leased_until < clock_timestamp())
      order by position limit ${sql.lit(BATCH)}
      for update skip locked
    ), delivered as (
      insert into deliveries (handler, event_id, tenant_id, key, position)
      select s.handler, w.id, w.tenant_id, w.key, w.position
      from waiting w
      join json_to_recordset(${JSON.stringify(subscriptions)}::json) as s (handler text, type text) using (type)
      on conflict do nothing
    ), published as (
      update outbox set published_at = clock_timestamp(), lease = null, leased_until = null
      from waiting where outbox.id = waiting.id
    )
    select envelope from waiting order by position`.execute(trx)
  return rows.map((row) => row.envelope)
}
