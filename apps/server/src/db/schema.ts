/**
 * The tables as Kysely types, in the order of the migrations that make them. `ColumnType<select, insert, update>` where the
 * database fills a value in.
 */
import type { ColumnType, Generated } from 'kysely'
import type { EventEnvelope } from '../events/envelope.ts'

export interface Database {
  readonly tenants: TenantTable
  readonly tenant_host_names: TenantHostNameTable
  readonly users: UserTable
  readonly roles: RoleTable
  readonly role_permissions: RolePermissionTable
  readonly credentials: CredentialTable
  readonly sessions: SessionTable
  readonly password_resets: PasswordResetTable
  readonly nodes: NodeTable
  readonly node_translations: NodeTranslationTable
  readonly node_drafts: NodeDraftTable
  readonly node_slugs: NodeSlugTable
  readonly node_tags: NodeTagTable
  readonly content_search: ContentSearchTable
  readonly content_stats: ContentStatsTable
  readonly handled_events: HandledEventTable
  readonly products: ProductTable
  readonly product_variants: ProductVariantTable
  readonly variant_stock: VariantStockTable
  readonly carts: CartTable
  readonly cart_items: CartItemTable
  readonly orders: OrderTable
  readonly order_items: OrderItemTable
  readonly outbox: OutboxTable
  readonly deliveries: DeliveryTable
}

type CreatedAt = ColumnType<Date, Date | undefined, never>

export interface TenantTable {
  id: string
  name: string
  created_at: CreatedAt
}

export interface TenantHostNameTable {
  /** Lower case, without a port. */
  host_name: string
  tenant_id: string
}

export const ROLES = ['admin', 'editor', 'author', 'customer', 'viewer'] as const

export type Role = (typeof ROLES)[number]

export interface RoleTable {
  name: Role
}

export interface RolePermissionTable {
  role: Role
  permission: string
}

/** Keyed by (tenant_id, id): the same user id in two tenants is two users. */
export interface UserTable {
  tenant_id: string
  id: string
  name: string
  role: Role
  /** Unique within the tenant, whatever its case; null for a user who cannot sign in. */
  email: ColumnType<string | null, string | null | undefined, string | null>
  /** Since when the user may not do anything any more. */
  disabled_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  created_at: CreatedAt
}

export interface CredentialTable {
  tenant_id: string
  user_id: string
  /** In PHC string format, so that each says how it was made. */
  password_hash: string
  changed_at: ColumnType<Date, Date | undefined, Date>
}

/** A sign-in, and the refresh tokens that followed from it. */
export interface SessionTable {
  tenant_id: string
  id: string
  user_id: string
  /** SHA-256 of the latest refresh token. */
  token_hash: Uint8Array
  created_at: CreatedAt
  refreshed_at: ColumnType<Date, Date | undefined, Date>
  expires_at: Date
  revoked_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}

/** One for each time that somebody says to have forgotten a password, whether there is such a user or not. */
export interface PasswordResetTable {
  tenant_id: string
  id: string
  /** As it was given; null once it was dealt with. */
  email: string | null
  user_id: ColumnType<string | null, never, string>
  /** SHA-256 of the token in the mail; null as long as there is none. */
  token_hash: ColumnType<Uint8Array | null, never, Uint8Array>
  requested_at: CreatedAt
  /** Of the request, then of the token. */
  expires_at: Date
  used_at: ColumnType<Date | null, never, Date>
}

export type NodeStatus = 'draft' | 'published' | 'archived'

export type NodeKind = 'article' | 'page' | 'story'

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
  kind: ColumnType<NodeKind, NodeKind | undefined, never>
  /** Of `title` and `body`, BCP 47 in its canonical form. */
  locale: ColumnType<string, string | undefined, never>
  version: Generated<number>
  /** What a story tells of. */
  product_id: ColumnType<string | null, string | undefined, never>
}

/** A node's text in another language than its own, as readers see it once the node is published. */
export interface NodeTranslationTable {
  tenant_id: string
  node_id: string
  locale: string
  title: string
  body: string
  translator_id: string
  updated_at: ColumnType<Date, Date | undefined, Date>
}

/** An edit of a published node that readers do not see yet. */
export interface NodeDraftTable {
  tenant_id: string
  node_id: string
  locale: string
  title: string
  body: string
  editor_id: string
  updated_at: ColumnType<Date, Date | undefined, Date>
}

/** Where a node is found in a language: unique within both. */
export interface NodeSlugTable {
  tenant_id: string
  locale: string
  slug: string
  node_id: string
}

export interface NodeTagTable {
  tenant_id: string
  tag: string
  node_id: string
}

/** The read model of search, one row for each language of a published node; the `content-search` handler keeps it. */
export interface ContentSearchTable {
  tenant_id: string
  node_id: string
  locale: string
  /** PostgreSQL's text search configuration. */
  config: string
  title: string
  body: string
  /** Of the kind tsvector, which only SQL reads. */
  document: ColumnType<never, never, never>
}

/** The read model that the `content-stats` event handler keeps; one row for each tenant with nodes. */
export interface ContentStatsTable {
  tenant_id: string
  drafts: number
  published: number
  archived: Generated<number>
  /** When the newest event counted here happened. */
  as_of: Date
}

/** Which handler has already applied which event: inserted in the same transaction as the effect. */
export interface HandledEventTable {
  handler: string
  event_id: string
  handled_at: CreatedAt
}

export type ProductStatus = 'active' | 'archived'

export interface ProductTable {
  tenant_id: string
  /** UUID version 7, as of all ids of commerce: lists are in the order of creation. */
  id: string
  title: string
  description: string
  status: Generated<ProductStatus>
  /** Of the product with its variants, without their stock. */
  version: Generated<number>
  created_at: CreatedAt
  updated_at: ColumnType<Date, Date | undefined, Date>
}

/** An integer of the smallest unit of its currency; the drivers give 64 bits in forms of their own, and `Number` reads them all. */
type Amount = ColumnType<string | number | bigint, number, number>

export interface ProductVariantTable {
  tenant_id: string
  id: string
  product_id: string
  /** Within the product. */
  position: number
  sku: string
  title: string
  price_minor: Amount
  /** ISO 4217. */
  currency: ColumnType<string, string, never>
}

/** What is there, and how much of it belongs to orders; the rest can be bought. */
export interface VariantStockTable {
  tenant_id: string
  variant_id: string
  total: number
  reserved: Generated<number>
}

export type CartStatus = 'open' | 'ordered'

export interface CartTable {
  tenant_id: string
  id: string
  customer_id: string
  status: Generated<CartStatus>
  created_at: CreatedAt
  updated_at: ColumnType<Date, Date | undefined, Date>
}

export interface CartItemTable {
  tenant_id: string
  cart_id: string
  variant_id: string
  position: number
  quantity: number
}

export type OrderStatus = 'placed' | 'paid' | 'cancelled' | 'declined'

export interface OrderTable {
  tenant_id: string
  id: string
  customer_id: string
  cart_id: string
  status: Generated<OrderStatus>
  currency: string
  total_minor: Amount
  /** Pieces, of all items together. */
  item_count: number
  /** The customer's own name for the request that placed it. */
  idempotency_key: string
  /** Of what that request asked for. */
  request_hash: string
  payment_reference: ColumnType<string | null, never, string>
  placed_at: Date
  paid_at: ColumnType<Date | null, never, Date>
  cancelled_at: ColumnType<Date | null, never, Date>
  declined_at: ColumnType<Date | null, never, Date>
  /** As the payment provider put it. */
  decline_reason: ColumnType<string | null, never, string>
}

export interface OrderItemTable {
  tenant_id: string
  order_id: string
  position: number
  variant_id: string
  sku: string
  title: string
  unit_minor: Amount
  quantity: number
}

/** What happened, from the transaction that did it until the bus has it, and for a while after. */
export interface OutboxTable {
  id: string
  /** Ascending within a key; a driver may give it as text. */
  position: ColumnType<string | number, never, never>
  tenant_id: string
  /** Events with the same key keep their order (`orderKey`). */
  key: string
  type: string
  envelope: ColumnType<EventEnvelope, string, never>
  created_at: CreatedAt
  /** The relay that is publishing it, until when it may. */
  lease: ColumnType<string | null, string | null | undefined, string | null>
  leased_until: ColumnType<Date | null, Date | null | undefined, Date | null>
  published_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}

/** An event that a handler has yet to handle, or has given up on. */
export interface DeliveryTable {
  handler: string
  event_id: string
  tenant_id: string
  key: string
  position: string | number
  /** Those that failed. */
  attempts: Generated<number>
  /** When it may be tried next; while it is leased, when the lease ends. */
  due_at: ColumnType<Date, Date | undefined, Date>
  lease: ColumnType<string | null, string | null | undefined, string | null>
  last_error: ColumnType<string | null, string | null | undefined, string | null>
  created_at: CreatedAt
  /** Since when it is a dead letter. */
  dead_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}
