/**
 * The second of the two walls between tenants: PostgreSQL itself shows a transaction only the rows of the tenant that it was begun
 * for, whatever the query forgets. Migrations call these for every table that they create; `scope.ts` begins the transactions.
 */
import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely'

/** Works for one tenant. Owns nothing, so that it can neither alter a table nor switch off its policies. */
export const APPLICATION_ROLE = 'rustok_app'
/** Works on what belongs to no tenant: the outbox, the list of tenants. Sees no tenant's rows. */
export const SYSTEM_ROLE = 'rustok_system'

/** What a transaction was begun for. Unset, or left empty by an earlier transaction, it equals no tenant's id. */
export const TENANT_SETTING = 'rustok.tenant_id'

type Db = Kysely<unknown> | Transaction<unknown>
type Privilege = 'select' | 'insert' | 'update' | 'delete'

const ALL: readonly Privilege[] = ['select', 'insert', 'update', 'delete']

/**
 * Makes each row of `table` visible, and writable, to transactions of the tenant in its `column` alone, the table's owner included
 * (FORCE); superusers remain exempt. A migration that later changes such rows of all tenants does it in `acrossTenants`.
 */
export async function isolateByTenant(
  db: Db,
  table: string,
  { column = 'tenant_id', privileges = ALL }: { column?: string; privileges?: readonly Privilege[] } = {},
): Promise<void> {
  await enable(db, table)
  await sql`create policy by_tenant on ${sql.table(table)}
    using (${sql.ref(column)} = current_setting(${sql.lit(TENANT_SETTING)}, true))`.execute(db)
  await grant(db, table, privileges, APPLICATION_ROLE)
}

/**
 * For tables that relay, workers and retention need whole. `application` is what transactions of a tenant may do with it beyond
 * that: append to an outbox (`['insert']`), say. Without `isolateByTenant` on the same table they see what others wrote there, so
 * never give them `select` on a table that says anything of a tenant.
 */
export async function openToSystem(
  db: Db,
  table: string,
  { application = [] }: { application?: readonly Privilege[] } = {},
): Promise<void> {
  await grant(db, table, ALL, SYSTEM_ROLE)
  if (application.length > 0) await grant(db, table, application, APPLICATION_ROLE)
}

/**
 * Beside `isolateByTenant` on the same table: the system role sees its rows whatever their tenant. For the list of tenants, and what
 * must be looked up before a tenant is known; never for what tenants write.
 */
export async function exemptSystem(db: Db, table: string): Promise<void> {
  await sql`create policy for_system on ${sql.table(table)} to ${sql.id(SYSTEM_ROLE)} using (true)`.execute(
    db,
  )
  await grant(db, table, ALL, SYSTEM_ROLE)
}

/**
 * Beside `isolateByTenant` on the same table: the system role sees the rows for which `over` holds, whatever their tenant, and may remove
 * them. For what is of use to nobody any more, so that retention is one statement and not one for each tenant.
 */
export async function openToRetention(db: Db, table: string, over: RawBuilder<unknown>): Promise<void> {
  await sql`create policy for_retention on ${sql.table(table)} to ${sql.id(SYSTEM_ROLE)} using (${over})`.execute(
    db,
  )
  // With `update` alone may rows be locked, so that two processes do not wait for each other.
  await grant(db, table, ['select', 'update', 'delete'], SYSTEM_ROLE)
}

/** In a migration: runs `work` with the owner's own view of `tables`, all tenants' rows, and closes them again. */
export async function acrossTenants<T>(
  db: Db,
  tables: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  for (const table of tables) {
    await sql`alter table ${sql.table(table)} no force row level security`.execute(db)
  }
  const result = await work()
  for (const table of tables) {
    await sql`alter table ${sql.table(table)} force row level security`.execute(db)
  }
  return result
}

async function enable(db: Db, table: string): Promise<void> {
  await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
  await sql`alter table ${sql.table(table)} force row level security`.execute(db)
}

async function grant(db: Db, table: string, privileges: readonly Privilege[], role: string): Promise<void> {
  await sql`grant ${sql.raw(privileges.join(', '))} on ${sql.table(table)} to ${sql.id(role)}`.execute(db)
}
