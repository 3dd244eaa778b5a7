/** A piece of a tenant's content, as the services and GraphQL know it, and its row's translation. */
import type { Selectable } from 'kysely'
import type { NodeKind, NodeStatus, NodeTable } from '../db/schema.ts'
import { cursorOf, uuidCursor } from '../domain/cursor.ts'

export interface ContentNode {
  readonly id: string
  readonly kind: NodeKind
  readonly authorId: string
  /** Of `title` and `body`, BCP 47. */
  readonly locale: string
  readonly title: string
  readonly body: string
  readonly status: NodeStatus
  /** One more with each change. */
  readonly version: number
  /** Of a story. */
  readonly productId: string | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly publishedAt: Date | undefined
}

/** What a node says in one language. */
export interface NodeText {
  readonly nodeId: string
  readonly locale: string
  readonly title: string
  readonly body: string
  readonly slug: string | undefined
  readonly updatedAt: Date
}

/** An edit of a published node that readers do not see yet. */
export interface NodeDraft {
  readonly nodeId: string
  readonly locale: string
  readonly title: string
  readonly body: string
  readonly editorId: string
  readonly updatedAt: Date
}

export interface TagCount {
  readonly name: string
  readonly nodeCount: number
}

export const nodeCursor = uuidCursor('node')
export const localeCursor = textCursor('locale')
export const tagCursor = textCursor('tag')

function textCursor(kind: string) {
  return cursorOf<string>(
    kind,
    (text) => text,
    (text) => (text === '' || text.includes('\0') ? undefined : text),
  )
}

export function toContentNode(row: Selectable<NodeTable>): ContentNode {
  return {
    id: row.id,
    kind: row.kind,
    authorId: row.author_id,
    locale: row.locale,
    title: row.title,
    body: row.body,
    status: row.status,
    version: row.version,
    productId: row.product_id ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    publishedAt: row.published_at ?? undefined,
  }
}
