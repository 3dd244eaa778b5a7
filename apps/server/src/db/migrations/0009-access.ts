/** Who may come in, and do what: host names of tenants, roles and their permissions, passwords, sessions. */
import { type Kysely, sql } from 'kysely'
import { APPLICATION_ROLE, acrossTenants, exemptSystem, isolateByTenant } from '../row-level-security.ts'

const ROLES: Readonly<Record<string, readonly string[]>> = {
  admin: [
    'content:write',
    'content:publish',
    'commerce:manage',
    'commerce:order',
    'identity:read',
    'identity:manage',
    'events:replay',
  ],
  editor: ['content:write', 'content:publish', 'commerce:manage', 'commerce:order', 'identity:read'],
  author: ['content:write', 'commerce:order'],
  customer: ['commerce:order'],
  viewer: [],
}

export async function up(db: Kysely<unknown>): Promise<void> {
  await roles(db)
  await users(db)
  await hostNames(db)
  await credentials(db)
  await sessions(db)
}

async function roles(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('roles')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .execute()
  await db.schema
    .createTable('role_permissions')
    .addColumn('role', 'text', (column) => column.notNull().references('roles.name').onDelete('cascade'))
    .addColumn('permission', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('role_permissions_pkey', ['role', 'permission'])
    .execute()
  for (const [role, permissions] of Object.entries(ROLES)) {
    await sql`insert into roles (name) values (${role})`.execute(db)
    for (const permission of permissions) {
      await sql`insert into role_permissions (role, permission) values (${role}, ${permission})`.execute(db)
    }
  }
  // The same for all tenants: what a role permits is the platform's to say.
  for (const table of ['roles', 'role_permissions']) {
    await sql`grant select on ${sql.table(table)} to ${sql.id(APPLICATION_ROLE)}`.execute(db)
  }
}

async function users(db: Kysely<unknown>): Promise<void> {
  await acrossTenants(db, ['users'], async () => {
    await db.schema.alterTable('users').dropConstraint('users_role_check').execute()
    await db.schema
      .alterTable('users')
      .addForeignKeyConstraint('users_role_fkey', ['role'], 'roles', ['name'])
      .execute()
  })
  await db.schema
    .alterTable('users')
    .addColumn('email', 'text')
    .addColumn('disabled_at', 'timestamptz')
    .execute()
  await sql`create unique index users_by_email on users (tenant_id, lower(email))`.execute(db)
}

/** Where a tenant's users sign in without naming it. */
async function hostNames(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tenant_host_names')
    .addColumn('host_name', 'text', (column) =>
      column.primaryKey().check(sql`host_name = lower(host_name) and host_name !~ '[:/[:space:]]'`),
    )
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenants.id').onDelete('cascade'))
    .execute()
  await isolateByTenant(db, 'tenant_host_names', { privileges: ['select'] })
  await exemptSystem(db, 'tenant_host_names')
}

/** Apart from the users, so that no query of theirs can bring a hash along. */
async function credentials(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('credentials')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('credentials_pkey', ['tenant_id', 'user_id'])
    .addForeignKeyConstraint(
      'credentials_user_fkey',
      ['tenant_id', 'user_id'],
      'users',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()
  await isolateByTenant(db, 'credentials')
}

/** One for each sign-in: the family of the refresh tokens that followed from it, of which only the latest is good. */
async function sessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('token_hash', 'bytea', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('refreshed_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
    .addColumn('revoked_at', 'timestamptz')
    .addPrimaryKeyConstraint('sessions_pkey', ['tenant_id', 'id'])
    .addForeignKeyConstraint(
      'sessions_user_fkey',
      ['tenant_id', 'user_id'],
      'users',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('sessions_by_user').on('sessions').columns(['tenant_id', 'user_id']).execute()
  await db.schema.createIndex('sessions_by_expiry').on('sessions').column('expires_at').execute()
  await isolateByTenant(db, 'sessions')
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of ['sessions', 'credentials', 'tenant_host_names']) {
    await db.schema.dropTable(table).execute()
  }
  await sql`drop index users_by_email`.execute(db)
  await db.schema.alterTable('users').dropColumn('email').dropColumn('disabled_at').execute()
  await db.schema.alterTable('users').dropConstraint('users_role_fkey').execute()
  await db.schema.dropTable('role_permissions').execute()
  await db.schema.dropTable('roles').execute()
}
