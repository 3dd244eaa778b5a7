/** The SQL of content nodes. Each takes the tenant and names it in its `where`; called by `ContentService` alone. */
import type { Kysely } from 'kysely'
import type { Database, NodeStatus } from '../db/schema.ts'
import { type ContentNode, toContentNode } from './content-node.ts'

type Db = Kysely<Database>

export async function insertNode(
  db: Db,
  tenantId: string,
  node: { readonly id: string; readonly authorId: string; readonly title: string; readonly body: string },
): Promise<ContentNode> {
  const row = await db
    .insertInto('nodes')
    .values({
      tenant_id: tenantId,
      id: node.id,
      author_id: node.authorId,
      title: node.title,
      body: node.body,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toContentNode(row)
}

export async function findNode(db: Db, tenantId: string, id: string): Promise<ContentNode | undefined> {
  const row = await db
    .selectFrom('nodes')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && toContentNode(row)
}

/** Holds the row until the transaction ends, so that two publishers do not both find a draft. */
export async function findNodeForUpdate(
  db: Db,
  tenantId: string,
  id: string,
): Promise<ContentNode | undefined> {
  const row = await db
    .selectFrom('nodes')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row && toContentNode(row)
}

export async function setPublished(db: Db, tenantId: string, id: string, at: Date): Promise<ContentNode> {
  const row = await db
    .updateTable('nodes')
    .set({ status: 'published', published_at: at, updated_at: at })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toContentNode(row)
}

export interface NodeFilter {
  readonly status?: NodeStatus | undefined
}

/** Newest first; `before` is the id after which the page starts. */
export async function listNodes(
  db: Db,
  tenantId: string,
  filter: NodeFilter,
  page: { readonly limit: number; readonly before: string | undefined },
): Promise<ContentNode[]> {
  let query = db.selectFrom('nodes').selectAll().where('tenant_id', '=', tenantId)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (page.before !== undefined) query = query.where('id', '<', page.before)
  const rows = await query.orderBy('id', 'desc').limit(page.limit).execute()
  return rows.map(toContentNode)
}

export async function countNodes(db: Db, tenantId: string, filter: NodeFilter): Promise<number> {
  let query = db
    .selectFrom('nodes')
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('count'))
    .where('tenant_id', '=', tenantId)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  const { count } = await query.executeTakeFirstOrThrow()
  return count
}
