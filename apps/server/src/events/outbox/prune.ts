/**
 * Removes what nobody needs any more, a bounded number of rows at a time: published events (those with a delivery or a dead letter stay,
 * their envelope is here) and the records of handled ones. The relay calls it from time to time.
 */
import { sql, type Transaction } from 'kysely'
import type { Database } from '../../db/schema.ts'

/** For whoever asks what was published, and when. */
const PUBLISHED_DAYS = 1
/** Longer than a broker keeps an event, which is how late it may come again. */
const HANDLED_DAYS = 30
const ROWS = 5_000

/** How many rows went; when that is ROWS or more there are others. */
export async function prune(trx: Transaction<Database>): Promise<number> {
  const events = await sql`delete from outbox where id in (
    select id from outbox o
    where published_at < clock_timestamp() - ${sql.lit(PUBLISHED_DAYS)} * interval '1 day'
      and not exists (select from deliveries d where d.event_id = o.id)
    order by published_at limit ${sql.lit(ROWS)} for update skip locked)`.execute(trx)
  const records = await sql`delete from handled_events where (handler, event_id) in (
    select handler, event_id from handled_events
    where handled_at < clock_timestamp() - ${sql.lit(HANDLED_DAYS)} * interval '1 day'
    order by handled_at limit ${sql.lit(ROWS)} for update skip locked)`.execute(trx)
  return Number((events.numAffectedRows ?? 0n) + (records.numAffectedRows ?? 0n))
}
