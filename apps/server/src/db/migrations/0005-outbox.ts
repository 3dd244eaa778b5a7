/**
 * Events, from the transaction that caused them to the handlers that are done with them: `outbox` holds what happened, `deliveries` what
 * a handler has yet to do, or has given up on. Both tell their readers in other processes when there is something new.
 */
import { type Kysely, sql } from 'kysely'
import { exemptSystem, isolateByTenant } from '../row-level-security.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await outbox(db)
  await deliveries(db)
  // For the pruning of records that no delivery can need any more.
  await db.schema.createIndex('handled_events_by_time').on('handled_events').column('handled_at').execute()
}

async function outbox(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('outbox')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    // The order within a key, whose events are written under a lock on what they happened to; across keys it says nothing.
    .addColumn('position', 'bigint', (column) => column.notNull().generatedAlwaysAsIdentity())
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('envelope', 'json', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
    .addColumn('lease', 'uuid')
    .addColumn('leased_until', 'timestamptz')
    .addColumn('published_at', 'timestamptz')
    .execute()
  await sql`create index outbox_waiting on outbox (position) where published_at is null`.execute(db)
  await sql`create index outbox_leased on outbox (key, position)
    where published_at is null and lease is not null`.execute(db)
  await sql`create index outbox_published on outbox (published_at) where published_at is not null`.execute(db)
  await isolateByTenant(db, 'outbox', { privileges: ['insert'] })
  await exemptSystem(db, 'outbox')
  await notifyOnInsert(db, 'outbox')
}

async function deliveries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('deliveries')
    .addColumn('handler', 'text', (column) => column.notNull())
    .addColumn('event_id', 'uuid', (column) => column.notNull())
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    // When it may be tried next; while it is leased, when the lease ends.
    .addColumn('due_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
    .addColumn('lease', 'uuid')
    .addColumn('last_error', 'text')
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`clock_timestamp()`))
    .addColumn('dead_at', 'timestamptz')
    .addPrimaryKeyConstraint('deliveries_pkey', ['handler', 'event_id'])
    .execute()
  await sql`create index deliveries_due on deliveries (handler, due_at, position) where dead_at is null`.execute(
    db,
  )
  await sql`create index deliveries_in_order on deliveries (handler, key, position) where dead_at is null`.execute(
    db,
  )
  await sql`create index deliveries_dead on deliveries (handler, dead_at) where dead_at is not null`.execute(
    db,
  )
  await db.schema.createIndex('deliveries_by_event').on('deliveries').column('event_id').execute()
  await isolateByTenant(db, 'deliveries', { privileges: ['select', 'delete'] })
  await exemptSystem(db, 'deliveries')
  await notifyOnInsert(db, 'deliveries')
}

/** One notice for each statement, folded into one for each transaction, sent when that commits. */
async function notifyOnInsert(db: Kysely<unknown>, table: string): Promise<void> {
  const name = `notify_${table}`
  await sql`create function ${sql.id(name)}() returns trigger language plpgsql as ${sql.lit(
    `begin perform pg_notify('rustok_${table}', ''); return null; end`,
  )}`.execute(db)
  await sql`create trigger ${sql.id(name)} after insert on ${sql.table(table)}
    for each statement execute function ${sql.id(name)}()`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['deliveries', 'outbox']) {
    await db.schema.dropTable(table).execute()
    await sql`drop function ${sql.id(`notify_${table}`)}()`.execute(db)
  }
  await sql`drop index handled_events_by_time`.execute(db)
}
