/** Lets a running server see which migrations its database has, for its readiness: a backup that was brought back may have fewer. */
import { type Kysely, sql } from 'kysely'
import { SYSTEM_ROLE } from '../row-level-security.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`grant select on kysely_migration to ${sql.id(SYSTEM_ROLE)}`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`revoke select on kysely_migration from ${sql.id(SYSTEM_ROLE)}`.execute(db)
}
