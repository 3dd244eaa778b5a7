/** The SQL that changes nodes, in the transactions of `EditingService`; all but `insertNode` need the node's row locked by `lockNode`. */
import type { Transaction, UpdateObject } from 'kysely'
import type { Database, NodeTable } from '../db/schema.ts'
import { type ContentNode, toContentNode } from './content-node.ts'
import type { NewNode, Text } from './node-input.ts'

type Trx = Transaction<Database>

export async function insertNode(
  trx: Trx,
  tenantId: string,
  node: NewNode & { readonly id: string; readonly authorId: string },
): Promise<ContentNode> {
  const row = await trx
    .insertInto('nodes')
    .values({
      tenant_id: tenantId,
      id: node.id,
      author_id: node.authorId,
      kind: node.kind,
      locale: node.locale,
      title: node.title,
      body: node.body,
      ...(node.productId !== undefined && { product_id: node.productId }),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toContentNode(row)
}

/** Holds the row until the transaction ends, so that two publishers do not both find a draft. */
export async function lockNode(trx: Trx, tenantId: string, id: string): Promise<ContentNode | undefined> {
  const row = await trx
    .selectFrom('nodes')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row && toContentNode(row)
}

/** The next version of it. */
export async function changeNode(
  trx: Trx,
  tenantId: string,
  id: string,
  change: Pick<UpdateObject<{ nodes: NodeTable }, 'nodes'>, 'title' | 'body' | 'status' | 'published_at'>,
): Promise<ContentNode> {
  const row = await trx
    .updateTable('nodes')
    .set((eb) => ({ ...change, version: eb('version', '+', 1), updated_at: new Date() }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toContentNode(row)
}

interface LocalText extends Text {
  readonly locale: string
}

/** What is being edited of a published node in one language; without an edit, what readers see. */
export async function findWorkingText(trx: Trx, tenantId: string, node: ContentNode): Promise<Text> {
  const draft = await trx
    .selectFrom('node_drafts')
    .select(['title', 'body'])
    .where('tenant_id', '=', tenantId)
    .where('node_id', '=', node.id)
    .where('locale', '=', node.locale)
    .executeTakeFirst()
  return draft ?? node
}

export async function putDraft(
  trx: Trx,
  tenantId: string,
  nodeId: string,
  { locale, title, body }: LocalText,
  editorId: string,
): Promise<void> {
  const updated_at = new Date()
  await trx
    .insertInto('node_drafts')
    .values({ tenant_id: tenantId, node_id: nodeId, locale, title, body, editor_id: editorId, updated_at })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'node_id', 'locale'])
        .doUpdateSet({ title, body, editor_id: editorId, updated_at }),
    )
    .execute()
}

export async function putTranslations(
  trx: Trx,
  tenantId: string,
  nodeId: string,
  texts: readonly (LocalText & { readonly translatorId: string })[],
): Promise<void> {
  if (texts.length === 0) return
  await trx
    .insertInto('node_translations')
    .values(
      texts.map(({ locale, title, body, translatorId }) => ({
        tenant_id: tenantId,
        node_id: nodeId,
        locale,
        title,
        body,
        translator_id: translatorId,
        updated_at: new Date(),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'node_id', 'locale']).doUpdateSet((eb) => ({
        title: eb.ref('excluded.title'),
        body: eb.ref('excluded.body'),
        translator_id: eb.ref('excluded.translator_id'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    )
    .execute()
}

/** The languages in which there is a translation, or one is being written. */
export async function translatedLocales(trx: Trx, tenantId: string, node: ContentNode): Promise<Set<string>> {
  const drafts = trx
    .selectFrom('node_drafts')
    .select('locale')
    .where('tenant_id', '=', tenantId)
    .where('node_id', '=', node.id)
  const rows = await trx
    .selectFrom('node_translations')
    .select('locale')
    .where('tenant_id', '=', tenantId)
    .where('node_id', '=', node.id)
    .union(drafts)
    .execute()
  return new Set(rows.map(({ locale }) => locale).filter((locale) => locale !== node.locale))
}

/** With its draft and its address. Whether readers saw it. */
export async function deleteTranslation(
  trx: Trx,
  tenantId: string,
  nodeId: string,
  locale: string,
): Promise<boolean> {
  for (const table of ['node_drafts', 'node_slugs'] as const) {
    await trx
      .deleteFrom(table)
      .where('tenant_id', '=', tenantId)
      .where('node_id', '=', nodeId)
      .where('locale', '=', locale)
      .execute()
  }
  const deleted = await trx
    .deleteFrom('node_translations')
    .where('tenant_id', '=', tenantId)
    .where('node_id', '=', nodeId)
    .where('locale', '=', locale)
    .returning('locale')
    .executeTakeFirst()
  return deleted !== undefined
}

/** All that was being edited, which is no longer. */
export async function takeDrafts(
  trx: Trx,
  tenantId: string,
  nodeId: string,
): Promise<(LocalText & { readonly translatorId: string })[]> {
  const rows = await trx
    .deleteFrom('node_drafts')
    .where('tenant_id', '=', tenantId)
    .where('node_id', '=', nodeId)
    .returning(['locale', 'title', 'body', 'editor_id as translatorId'])
    .execute()
  return rows
}

export async function hasSlug(trx: Trx, tenantId: string, node: ContentNode): Promise<boolean> {
  const found = await trx
    .selectFrom('node_slugs')
    .select('slug')
    .where('tenant_id', '=', tenantId)
    .where('node_id', '=', node.id)
    .where('locale', '=', node.locale)
    .executeTakeFirst()
  return found !== undefined
}

/** Empty for none. Throws the database's unique violation when another node has it. */
export async function putSlug(
  trx: Trx,
  tenantId: string,
  nodeId: string,
  locale: string,
  slug: string,
): Promise<void> {
  if (slug === '') {
    await trx
      .deleteFrom('node_slugs')
      .where('tenant_id', '=', tenantId)
      .where('node_id', '=', nodeId)
      .where('locale', '=', locale)
      .execute()
    return
  }
  await trx
    .insertInto('node_slugs')
    .values({ tenant_id: tenantId, node_id: nodeId, locale, slug })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'node_id', 'locale']).doUpdateSet({ slug }))
    .execute()
}

/** Addresses of translations that were given up before readers saw them. */
export async function dropUnusedSlugs(trx: Trx, tenantId: string, node: ContentNode): Promise<void> {
  await trx
    .deleteFrom('node_slugs')
    .where('tenant_id', '=', tenantId)
    .where('node_id', '=', node.id)
    .where('locale', '!=', node.locale)
    .where('locale', 'not in', (eb) =>
      eb
        .selectFrom('node_translations')
        .select('locale')
        .where('tenant_id', '=', tenantId)
        .where('node_id', '=', node.id),
    )
    .execute()
}

export async function replaceTags(
  trx: Trx,
  tenantId: string,
  nodeId: string,
  tags: readonly string[],
): Promise<void> {
  await trx.deleteFrom('node_tags').where('tenant_id', '=', tenantId).where('node_id', '=', nodeId).execute()
  await insertTags(trx, tenantId, nodeId, tags)
}

export async function insertTags(
  trx: Trx,
  tenantId: string,
  nodeId: string,
  tags: readonly string[],
): Promise<void> {
  if (tags.length === 0) return
  await trx
    .insertInto('node_tags')
    .values(tags.map((tag) => ({ tenant_id: tenantId, node_id: nodeId, tag })))
    .execute()
}
