/**
 * The roles that the application works as, and what they may do with the tables so far. Roles belong to the cluster, not to the
 * database: they may be there already, made by its administrator or by another database's migration.
 */
import { type Kysely, sql } from 'kysely'
import {
  APPLICATION_ROLE,
  exemptSystem,
  isolateByTenant,
  openToSystem,
  SYSTEM_ROLE,
} from '../row-level-security.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const role of [APPLICATION_ROLE, SYSTEM_ROLE]) {
    await createRole(db, role)
    await sql`grant usage on schema public to ${sql.id(role)}`.execute(db)
  }
  await isolateByTenant(db, 'tenants', { column: 'id', privileges: ['select'] })
  await exemptSystem(db, 'tenants')
  for (const table of ['users', 'nodes', 'content_stats']) await isolateByTenant(db, table)
  // Ids of events and names of handlers: a tenant's transaction may record one and look for it.
  await openToSystem(db, 'handled_events', { application: ['select', 'insert'] })
}

/** And makes its creator a member, so that an installation with a single login can enter the role. */
async function createRole(db: Kysely<unknown>, role: string): Promise<void> {
  await sql`do ${sql.lit(`
    begin
      if not exists (select from pg_roles where rolname = '${role}') then
        create role ${role} nologin noinherit;
        execute format('grant ${role} to %I', current_user);
      end if;
    exception when duplicate_object or unique_violation then
      null; -- by another server, at the same moment
    end`)}`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop policy for_system on tenants`.execute(db)
  for (const table of ['tenants', 'users', 'nodes', 'content_stats']) {
    await sql`drop policy by_tenant on ${sql.table(table)}`.execute(db)
    await sql`alter table ${sql.table(table)} no force row level security`.execute(db)
    await sql`alter table ${sql.table(table)} disable row level security`.execute(db)
  }
  for (const role of [APPLICATION_ROLE, SYSTEM_ROLE]) {
    await sql`revoke all on all tables in schema public from ${sql.id(role)}`.execute(db)
    await sql`revoke usage on schema public from ${sql.id(role)}`.execute(db)
  }
}
