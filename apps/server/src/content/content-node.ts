/** A piece of a tenant's content, as the services and GraphQL know it, and its row's translation. */
import type { Selectable } from 'kysely'
import type { NodeStatus, NodeTable } from '../db/schema.ts'

export interface ContentNode {
  readonly id: string
  readonly authorId: string
  readonly title: string
  readonly body: string
  readonly status: NodeStatus
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly publishedAt: Date | undefined
}

export function toContentNode(row: Selectable<NodeTable>): ContentNode {
  return {
    id: row.id,
    authorId: row.author_id,
    title: row.title,
    body: row.body,
    status: row.status,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    publishedAt: row.published_at ?? undefined,
  }
}
