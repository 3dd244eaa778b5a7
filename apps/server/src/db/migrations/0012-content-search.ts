/**
 * The read model of full-text search: what is published, one row for each language of a node, kept by an event handler from here on. What
 * was published before is brought in, with the configuration that its language, then always English, has.
 */
import { type Kysely, sql } from 'kysely'
import { acrossTenants, isolateByTenant } from '../row-level-security.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('content_search')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('node_id', 'uuid', (column) => column.notNull())
    .addColumn('locale', 'text', (column) => column.notNull())
    // A name, and no regconfig: columns of that type keep a cluster from being upgraded by pg_upgrade.
    .addColumn('config', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('document', sql`tsvector`, (column) => column.notNull())
    .addPrimaryKeyConstraint('content_search_pkey', ['tenant_id', 'node_id', 'locale'])
    .addForeignKeyConstraint(
      'content_search_node_fkey',
      ['tenant_id', 'node_id'],
      'nodes',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()
  await acrossTenants(db, ['nodes'], () =>
    sql`insert into content_search (tenant_id, node_id, locale, config, title, body, document)
      select tenant_id, id, locale, 'english', title, body,
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', body), 'C')
      from nodes where status = 'published'`.execute(db),
  )
  await isolateByTenant(db, 'content_search')
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('content_search').execute()
}
