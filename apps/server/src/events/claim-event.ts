/**
 * Turns "at least once" into "once": a handler claims an event in the transaction of its effect, so that both happen or
 * neither, and a second delivery finds the claim.
 */
import type { Transaction } from 'kysely'
import type { Database } from '../db/schema.ts'

/** False when this handler has handled the event before. A delivery at the same time waits for the first one's outcome. */
export async function claimEvent(
  trx: Transaction<Database>,
  handler: string,
  eventId: string,
): Promise<boolean> {
  const result = await trx
    .insertInto('handled_events')
    .values({ handler, event_id: eventId })
    .onConflict((conflict) => conflict.columns(['handler', 'event_id']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}
