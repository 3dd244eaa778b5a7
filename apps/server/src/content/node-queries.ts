/** The SQL that reads content nodes and what belongs to them. Each takes the tenant and names it in its `where`. */
import { type Kysely, sql } from 'kysely'
import type { Database, NodeKind, NodeStatus } from '../db/schema.ts'
import type { PageStart } from '../domain/page.ts'
import {
  type ContentNode,
  type NodeDraft,
  type NodeText,
  type TagCount,
  toContentNode,
} from './content-node.ts'

type Db = Kysely<Database>

export async function findNode(
  db: Db,
  tenantId: string,
  id: string,
  statuses: readonly NodeStatus[],
): Promise<ContentNode | undefined> {
  const row = await db
    .selectFrom('nodes')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('status', 'in', statuses)
    .executeTakeFirst()
  return row && toContentNode(row)
}

/** In the first of the languages that has this address. */
export async function findNodeBySlug(
  db: Db,
  tenantId: string,
  slug: string,
  locales: readonly string[],
  statuses: readonly NodeStatus[],
): Promise<ContentNode | undefined> {
  const rows = await db
    .selectFrom('node_slugs as s')
    .innerJoin('nodes as n', (join) =>
      join.onRef('n.tenant_id', '=', 's.tenant_id').onRef('n.id', '=', 's.node_id'),
    )
    .selectAll('n')
    .select('s.locale as slug_locale')
    .where('s.tenant_id', '=', tenantId)
    .where('s.slug', '=', slug)
    .where('s.locale', 'in', locales)
    .where('n.status', 'in', statuses)
    .execute()
  const row = locales.map((locale) => rows.find((one) => one.slug_locale === locale)).find(Boolean)
  return row && toContentNode(row)
}

export interface NodeFilter {
  readonly statuses: readonly NodeStatus[]
  readonly kind?: NodeKind | undefined
  readonly tag?: string | undefined
  readonly authorId?: string | undefined
}

function selectNodes(db: Db, tenantId: string, { statuses, kind, tag, authorId }: NodeFilter) {
  let query = db.selectFrom('nodes as n').where('n.tenant_id', '=', tenantId)
  // One status is an equality, which the index on it can serve in the order of the list.
  query =
    statuses.length === 1
      ? query.where('n.status', '=', statuses[0]!)
      : query.where('n.status', 'in', statuses)
  if (kind !== undefined) query = query.where('n.kind', '=', kind)
  if (authorId !== undefined) query = query.where('n.author_id', '=', authorId)
  if (tag !== undefined) {
    query = query.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('node_tags as t')
          .select('t.tag')
          .where('t.tenant_id', '=', tenantId)
          .where('t.tag', '=', tag)
          .whereRef('t.node_id', '=', 'n.id'),
      ),
    )
  }
  return query
}

/** Newest first. */
export async function listNodes(
  db: Db,
  tenantId: string,
  filter: NodeFilter,
  { limit, after }: PageStart<string>,
): Promise<ContentNode[]> {
  let query = selectNodes(db, tenantId, filter).selectAll('n')
  if (after !== undefined) query = query.where('n.id', '<', after)
  return (await query.orderBy('n.id', 'desc').limit(limit).execute()).map(toContentNode)
}

export async function countNodes(db: Db, tenantId: string, filter: NodeFilter): Promise<number> {
  const { count } = await selectNodes(db, tenantId, filter)
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** All texts: each node's own, and its translations. */
function selectTexts(db: Db, tenantId: string, nodeIds: readonly string[]) {
  const own = db
    .selectFrom('nodes')
    .select(['id as node_id', 'locale', 'title', 'body', 'updated_at', sql<boolean>`true`.as('own')])
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', nodeIds)
  const translations = db
    .selectFrom('node_translations')
    .select(['node_id', 'locale', 'title', 'body', 'updated_at', sql<boolean>`false`.as('own')])
    .where('tenant_id', '=', tenantId)
    .where('node_id', 'in', nodeIds)
  return db
    .selectFrom(own.unionAll(translations).as('t'))
    .leftJoin('node_slugs as s', (join) =>
      join
        .on('s.tenant_id', '=', tenantId)
        .onRef('s.node_id', '=', 't.node_id')
        .onRef('s.locale', '=', 't.locale'),
    )
    .select(['t.node_id', 't.locale', 't.title', 't.body', 't.updated_at', 't.own', 's.slug'])
}

type SelectedText = Awaited<ReturnType<ReturnType<typeof selectTexts>['executeTakeFirstOrThrow']>>

function toText({ node_id, locale, title, body, slug, updated_at }: SelectedText): NodeText {
  return { nodeId: node_id, locale, title, body, slug: slug ?? undefined, updatedAt: updated_at }
}

/** Of each node its own text, which `own` marks, and those in any of the languages. */
export async function findTexts(
  db: Db,
  tenantId: string,
  nodeIds: readonly string[],
  locales: readonly string[],
): Promise<{ readonly text: NodeText; readonly own: boolean }[]> {
  const rows = await selectTexts(db, tenantId, nodeIds)
    .where((eb) => eb.or([eb('t.own', '=', true), eb('t.locale', 'in', locales)]))
    .execute()
  return rows.map((row) => ({ text: toText(row), own: row.own }))
}

/** Of each node a page of its translations, by language. */
export async function listTranslations(
  db: Db,
  tenantId: string,
  nodeIds: readonly string[],
  { limit, after }: PageStart<string>,
): Promise<NodeText[]> {
  let numbered = selectTexts(db, tenantId, nodeIds)
    .select(sql<number>`row_number() over (partition by t.node_id order by t.locale collate "C")`.as('nth'))
    .where('t.own', '=', false)
  if (after !== undefined) numbered = numbered.where(sql<boolean>`t.locale collate "C" > ${after}`)
  const rows = await db
    .selectFrom(numbered.as('texts'))
    .selectAll()
    .where('nth', '<=', limit)
    .orderBy('node_id')
    .orderBy('nth')
    .execute()
  return rows.map(toText)
}

export async function findDrafts(
  db: Db,
  tenantId: string,
  nodeIds: readonly string[],
  locales: readonly string[],
): Promise<NodeDraft[]> {
  const rows = await db
    .selectFrom('node_drafts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('node_id', 'in', nodeIds)
    .where('locale', 'in', locales)
    .execute()
  return rows.map((row) => {
    const { node_id: nodeId, locale, title, body, editor_id: editorId, updated_at: updatedAt } = row
    return { nodeId, locale, title, body, editorId, updatedAt }
  })
}

/** In all languages of each node. */
export function findSlugs(
  db: Db,
  tenantId: string,
  nodeIds: readonly string[],
): Promise<{ node_id: string; locale: string; slug: string }[]> {
  return db
    .selectFrom('node_slugs')
    .select(['node_id', 'locale', 'slug'])
    .where('tenant_id', '=', tenantId)
    .where('node_id', 'in', nodeIds)
    .execute()
}

export function findTags(
  db: Db,
  tenantId: string,
  nodeIds: readonly string[],
): Promise<{ node_id: string; tag: string }[]> {
  return db
    .selectFrom('node_tags')
    .select(['node_id', 'tag'])
    .where('tenant_id', '=', tenantId)
    .where('node_id', 'in', nodeIds)
    .orderBy(sql`tag collate "C"`)
    .execute()
}

/** Every tag of the nodes that one sees, and how many have it. */
export async function listTags(
  db: Db,
  tenantId: string,
  statuses: readonly NodeStatus[],
  { limit, after }: PageStart<string>,
): Promise<TagCount[]> {
  let query = db
    .selectFrom('node_tags as t')
    .innerJoin('nodes as n', (join) =>
      join.onRef('n.tenant_id', '=', 't.tenant_id').onRef('n.id', '=', 't.node_id'),
    )
    .select((eb) => ['t.tag as name', eb.cast<number>(eb.fn.countAll(), 'integer').as('nodeCount')])
    .where('t.tenant_id', '=', tenantId)
    .where('n.status', 'in', statuses)
  if (after !== undefined) query = query.where(sql<boolean>`t.tag collate "C" > ${after}`)
  return query.groupBy('t.tag').orderBy(sql`t.tag collate "C"`).limit(limit).execute()
}
