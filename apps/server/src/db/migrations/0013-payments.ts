/** What a payment provider may say of an order besides "paid": that it declines, and why. The order is over then, and its stock free. */
import { type Kysely, sql } from 'kysely'
import { acrossTenants } from '../row-level-security.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await statuses(db, ['placed', 'paid', 'cancelled', 'declined'])
  await db.schema
    .alterTable('orders')
    .addColumn('declined_at', 'timestamptz')
    .addColumn('decline_reason', 'text')
    .execute()
}

async function statuses(db: Kysely<unknown>, allowed: readonly string[]): Promise<void> {
  const list = sql.join(allowed.map((status) => sql.lit(status)))
  await db.schema.alterTable('orders').dropConstraint('orders_status_check').execute()
  await db.schema
    .alterTable('orders')
    .addCheckConstraint('orders_status_check', sql`status in (${list})`)
    .execute()
}

/** Declined orders become cancelled ones, which they are to a server that knows no others. */
export async function down(db: Kysely<unknown>): Promise<void> {
  await acrossTenants(db, ['orders'], () =>
    sql`update orders set status = 'cancelled', cancelled_at = declined_at where status = 'declined'`.execute(
      db,
    ),
  )
  await db.schema.alterTable('orders').dropColumn('declined_at').dropColumn('decline_reason').execute()
  await statuses(db, ['placed', 'paid', 'cancelled'])
}
