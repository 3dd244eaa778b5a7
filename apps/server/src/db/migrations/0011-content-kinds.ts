/**
 * Nodes of several kinds, in several languages, with tags and addresses of their own; texts that are edited beside those that readers see. A
 * node's row keeps the text in its own language, so that lists read one table.
 */
import { type Kysely, sql } from 'kysely'
import { isolateByTenant } from '../row-level-security.ts'

type Db = Kysely<unknown>

export async function up(db: Db): Promise<void> {
  await nodes(db)
  await nodeTexts(db)
  await nodeSlugs(db)
  await nodeTags(db)
  await db.schema
    .alterTable('content_stats')
    .addColumn('archived', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
}

async function nodes(db: Db): Promise<void> {
  await db.schema
    .alterTable('nodes')
    .addColumn('kind', 'text', (column) =>
      column.notNull().defaultTo('article').check(sql`kind in ('article', 'page', 'story')`),
    )
    .addColumn('locale', 'text', (column) => column.notNull().defaultTo('en'))
    .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('product_id', 'uuid')
    .execute()
  await db.schema
    .alterTable('nodes')
    .addForeignKeyConstraint('nodes_product_fkey', ['tenant_id', 'product_id'], 'products', [
      'tenant_id',
      'id',
    ])
    .execute()
  await sql`alter table nodes
    drop constraint nodes_status_check,
    add constraint nodes_status_check check (status in ('draft', 'published', 'archived')),
    add constraint nodes_product_check check ((kind = 'story') = (product_id is not null))`.execute(db)
  await db.schema.createIndex('nodes_by_kind').on('nodes').columns(['tenant_id', 'kind', 'id']).execute()
  await db.schema
    .createIndex('nodes_by_author')
    .on('nodes')
    .columns(['tenant_id', 'author_id', 'id'])
    .execute()
}

/** Translations that readers see, and what is being edited beside a published text, be it a node's own or a translation. */
async function nodeTexts(db: Db): Promise<void> {
  for (const [table, who] of [
    ['node_translations', 'translator_id'],
    ['node_drafts', 'editor_id'],
  ] as const) {
    await db.schema
      .createTable(table)
      .addColumn('tenant_id', 'text', (column) => column.notNull())
      .addColumn('node_id', 'uuid', (column) => column.notNull())
      .addColumn('locale', 'text', (column) => column.notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn(who, 'text', (column) => column.notNull())
      .addColumn('updated_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addPrimaryKeyConstraint(`${table}_pkey`, ['tenant_id', 'node_id', 'locale'])
      .addForeignKeyConstraint(
        `${table}_node_fkey`,
        ['tenant_id', 'node_id'],
        'nodes',
        ['tenant_id', 'id'],
        (constraint) => constraint.onDelete('cascade'),
      )
      .addForeignKeyConstraint(`${table}_user_fkey`, ['tenant_id', who], 'users', ['tenant_id', 'id'])
      .execute()
    await isolateByTenant(db, table)
  }
}

/** In one table for all texts: no two of a tenant have the same address in a language. */
async function nodeSlugs(db: Db): Promise<void> {
  await db.schema
    .createTable('node_slugs')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('locale', 'text', (column) => column.notNull())
    .addColumn('slug', 'text', (column) => column.notNull())
    .addColumn('node_id', 'uuid', (column) => column.notNull())
    .addPrimaryKeyConstraint('node_slugs_pkey', ['tenant_id', 'locale', 'slug'])
    .addUniqueConstraint('node_slugs_by_node', ['tenant_id', 'node_id', 'locale'])
    .addForeignKeyConstraint(
      'node_slugs_node_fkey',
      ['tenant_id', 'node_id'],
      'nodes',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()
  await isolateByTenant(db, 'node_slugs')
}

/** A table, and no array: equality of texts is leakproof, so policies do not keep PostgreSQL from using the index. */
async function nodeTags(db: Db): Promise<void> {
  await db.schema
    .createTable('node_tags')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('tag', 'text', (column) => column.notNull())
    .addColumn('node_id', 'uuid', (column) => column.notNull())
    .addPrimaryKeyConstraint('node_tags_pkey', ['tenant_id', 'tag', 'node_id'])
    .addForeignKeyConstraint(
      'node_tags_node_fkey',
      ['tenant_id', 'node_id'],
      'nodes',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()
  await db.schema.createIndex('node_tags_by_node').on('node_tags').columns(['tenant_id', 'node_id']).execute()
  await isolateByTenant(db, 'node_tags')
}

export async function down(db: Db): Promise<void> {
  await db.schema.alterTable('content_stats').dropColumn('archived').execute()
  for (const table of ['node_tags', 'node_slugs', 'node_drafts', 'node_translations']) {
    await db.schema.dropTable(table).execute()
  }
  for (const index of ['nodes_by_kind', 'nodes_by_author']) await db.schema.dropIndex(index).execute()
  await sql`alter table nodes
    drop constraint nodes_product_check,
    drop constraint nodes_status_check,
    add constraint nodes_status_check check (status in ('draft', 'published'))`.execute(db)
  await db.schema
    .alterTable('nodes')
    .dropColumn('product_id')
    .dropColumn('version')
    .dropColumn('locale')
    .dropColumn('kind')
    .execute()
}
