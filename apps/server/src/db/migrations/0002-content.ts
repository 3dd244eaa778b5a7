/** Content nodes. Every key starts with the tenant, so that no foreign key and no index scan can cross one. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('nodes')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('author_id', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) =>
      column.notNull().defaultTo('draft').check(sql`status in ('draft', 'published')`),
    )
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('updated_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('published_at', 'timestamptz')
    .addPrimaryKeyConstraint('nodes_pkey', ['tenant_id', 'id'])
    .addForeignKeyConstraint('nodes_author_fkey', ['tenant_id', 'author_id'], 'users', ['tenant_id', 'id'])
    .addCheckConstraint('nodes_published_at_check', sql`(status = 'published') = (published_at is not null)`)
    .execute()

  await db.schema.createIndex('nodes_by_status').on('nodes').columns(['tenant_id', 'status', 'id']).execute()
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('nodes').execute()
}
