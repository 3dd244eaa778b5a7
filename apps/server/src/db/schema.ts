/**
 * The tables as Kysely types, in the order of the migrations that make them. `ColumnType<select, insert, update>` where the
 * database fills a value in.
 */
import type { ColumnType, Generated } from 'kysely'

export interface Database {
  readonly tenants: TenantTable
  readonly users: UserTable
  readonly nodes: NodeTable
  readonly content_stats: ContentStatsTable
  readonly handled_events: HandledEventTable
}

type CreatedAt = ColumnType<Date, Date | undefined, never>

export interface TenantTable {
  id: string
  name: string
  created_at: CreatedAt
}

export type Role = 'admin' | 'author'

/** Keyed by (tenant_id, id): the same user id in two tenants is two users. */
export interface UserTable {
  tenant_id: string
  id: string
  name: string
  role: Role
  created_at: CreatedAt
}

export type NodeStatus = 'draft' | 'published'

export interface NodeTable {
  /** UUID version 7: its order is the order of creation, which the list's cursor relies on. */
  id: string
  tenant_id: string
  author_id: string
  title: string
  body: string
  status: Generated<NodeStatus>
  created_at: CreatedAt
  updated_at: ColumnType<Date, Date | undefined, Date>
  published_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}

/** The read model that the `content-stats` event handler keeps; one row for each tenant with nodes. */
export interface ContentStatsTable {
  tenant_id: string
  drafts: number
  published: number
  /** When the newest event counted here happened. */
  as_of: Date
}

/** Which handler has already applied which event: inserted in the same transaction as the effect. */
export interface HandledEventTable {
  handler: string
  event_id: string
  handled_at: CreatedAt
}
