/** Requests for new passwords, and their tokens; and that sessions and requests which are over can be swept, whoever's they are. */
import { type Kysely, sql } from 'kysely'
import { acrossTenants, isolateByTenant, openToRetention, SYSTEM_ROLE } from '../row-level-security.ts'

/** For whoever looks into what happened: a day. */
const OVER = sql`expires_at < now() - interval '1 day'`

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('password_resets')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenants.id').onDelete('cascade'))
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('user_id', 'text')
    .addColumn('token_hash', 'bytea')
    .addColumn('requested_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .addColumn('used_at', 'timestamptz')
    .addPrimaryKeyConstraint('password_resets_pkey', ['tenant_id', 'id'])
    .addForeignKeyConstraint(
      'password_resets_user_fkey',
      ['tenant_id', 'user_id'],
      'users',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()
  await db.schema
    .createIndex('password_resets_by_user')
    .on('password_resets')
    .columns(['tenant_id', 'user_id'])
    .execute()
  await db.schema
    .createIndex('password_resets_by_expiry')
    .on('password_resets')
    .column('expires_at')
    .execute()
  await isolateByTenant(db, 'password_resets')
  // From here on a session that is revoked expires with that; those of before do now.
  await acrossTenants(db, ['sessions'], () =>
    sql`update sessions set expires_at = least(expires_at, revoked_at) where revoked_at is not null`.execute(
      db,
    ),
  )
  for (const table of ['password_resets', 'sessions']) await openToRetention(db, table, OVER)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('password_resets').execute()
  await sql`drop policy for_retention on sessions`.execute(db)
  await sql`revoke all on sessions from ${sql.id(SYSTEM_ROLE)}`.execute(db)
}
