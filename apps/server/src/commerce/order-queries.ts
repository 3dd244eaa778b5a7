/** The SQL of orders and of the stock that they hold. Each takes the tenant and names it in its `where`. */
import { type ExpressionBuilder, type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { Database, OrderStatus, OrderTable } from '../db/schema.ts'
import type { PageStart } from '../domain/page.ts'
import { Money } from './money.ts'
import type { Order, OrderItem } from './order.ts'

type Db = Kysely<Database>
type Trx = Transaction<Database>

export interface OrderFilter {
  /** Undefined for those of everybody. */
  readonly customerId: string | undefined
  readonly status?: OrderStatus | undefined
}

function toOrder(row: Selectable<OrderTable>): Order {
  return {
    id: row.id,
    customerId: row.customer_id,
    status: row.status,
    total: new Money(Number(row.total_minor), row.currency),
    itemCount: row.item_count,
    placedAt: row.placed_at,
    paidAt: row.paid_at ?? undefined,
    paymentReference: row.payment_reference ?? undefined,
    cancelledAt: row.cancelled_at ?? undefined,
    declinedAt: row.declined_at ?? undefined,
    declineReason: row.decline_reason ?? undefined,
  }
}

/** Newest first. */
export async function listOrders(
  db: Db,
  tenantId: string,
  filter: OrderFilter,
  { limit, after }: PageStart<string>,
): Promise<Order[]> {
  let query = db.selectFrom('orders').selectAll().where('tenant_id', '=', tenantId).where(matches(filter))
  if (after !== undefined) query = query.where('id', '<', after)
  return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toOrder)
}

export async function countOrders(db: Db, tenantId: string, filter: OrderFilter): Promise<number> {
  const { count } = await db
    .selectFrom('orders')
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('count'))
    .where('tenant_id', '=', tenantId)
    .where(matches(filter))
    .executeTakeFirstOrThrow()
  return count
}

function matches({ customerId, status }: OrderFilter) {
  return (eb: ExpressionBuilder<Database, 'orders'>) =>
    eb.and([
      ...(customerId === undefined ? [] : [eb('customer_id', '=', customerId)]),
      ...(status === undefined ? [] : [eb('status', '=', status)]),
    ])
}

export async function findOrder(db: Db, tenantId: string, id: string): Promise<Order | undefined> {
  const row = await db
    .selectFrom('orders')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && toOrder(row)
}

/** Holds the order until the transaction ends. Before the stock, as everywhere: nobody locks the two the other way round. */
export async function findOrderForUpdate(trx: Trx, tenantId: string, id: string): Promise<Order | undefined> {
  const row = await trx
    .selectFrom('orders')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row && toOrder(row)
}

export async function findOrderByKey(
  trx: Trx,
  tenantId: string,
  customerId: string,
  key: string,
): Promise<{ readonly order: Order; readonly requestHash: string } | undefined> {
  const row = await trx
    .selectFrom('orders')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('customer_id', '=', customerId)
    .where('idempotency_key', '=', key)
    .executeTakeFirst()
  return row && { order: toOrder(row), requestHash: row.request_hash }
}

/** For each of the orders its first items, or those behind a position. */
export async function listOrderItems(
  db: Db,
  tenantId: string,
  orderIds: readonly string[],
  { limit, after }: PageStart<number>,
): Promise<OrderItem[]> {
  const numbered = db
    .selectFrom('order_items as i')
    .innerJoin('orders as o', (join) =>
      join.onRef('o.tenant_id', '=', 'i.tenant_id').onRef('o.id', '=', 'i.order_id'),
    )
    .selectAll('i')
    .select('o.currency')
    .select(sql<number>`row_number() over (partition by i.order_id order by i.position)`.as('nth'))
    .where('i.tenant_id', '=', tenantId)
    .where('i.order_id', 'in', orderIds)
    .where('i.position', '>', after ?? -1)
  const rows = await db
    .selectFrom(numbered.as('items'))
    .selectAll()
    .where('nth', '<=', limit)
    .orderBy('order_id')
    .orderBy('position')
    .execute()
  return rows.map((row) => {
    const { position, sku, title, quantity, currency } = row
    const unit = Number(row.unit_minor)
    return {
      orderId: row.order_id,
      position,
      variantId: row.variant_id,
      sku,
      title,
      quantity,
      unitPrice: new Money(unit, currency),
      lineTotal: new Money(unit * quantity, currency),
    }
  })
}

export interface CartLine {
  readonly variantId: string
  readonly position: number
  readonly quantity: number
  readonly sku: string
  readonly title: string
  readonly unitMinor: number
  readonly currency: string
  readonly available: number
}

/**
 * What a locked cart would buy, with the stock of all of it locked until the transaction ends: in the order of the variants' ids, so that
 * two carts with the same variants wait for each other and never for one another in turn.
 */
export async function lockStockOfCart(trx: Trx, tenantId: string, cartId: string): Promise<CartLine[]> {
  const rows = await trx
    .selectFrom('cart_items as i')
    .innerJoin('product_variants as v', (join) =>
      join.onRef('v.tenant_id', '=', 'i.tenant_id').onRef('v.id', '=', 'i.variant_id'),
    )
    .innerJoin('products as p', (join) =>
      join.onRef('p.tenant_id', '=', 'v.tenant_id').onRef('p.id', '=', 'v.product_id'),
    )
    .innerJoin('variant_stock as s', (join) =>
      join.onRef('s.tenant_id', '=', 'v.tenant_id').onRef('s.variant_id', '=', 'v.id'),
    )
    .select(['i.variant_id', 'i.position', 'i.quantity', 'v.sku', 'v.price_minor', 'v.currency'])
    .select(['v.title as variant', 'p.title as product', 'p.status', 's.total', 's.reserved'])
    .where('i.tenant_id', '=', tenantId)
    .where('i.cart_id', '=', cartId)
    .orderBy('i.variant_id')
    .forUpdate('s')
    .execute()
  return rows.map((row) => ({
    variantId: row.variant_id,
    position: row.position,
    quantity: row.quantity,
    sku: row.sku,
    title: `${row.product}, ${row.variant}`,
    unitMinor: Number(row.price_minor),
    currency: row.currency,
    available: row.status === 'active' ? row.total - row.reserved : 0,
  }))
}

export interface NewOrder {
  readonly id: string
  readonly customerId: string
  readonly cartId: string
  readonly currency: string
  readonly totalMinor: number
  readonly itemCount: number
  readonly idempotencyKey: string
  readonly requestHash: string
  readonly placedAt: Date
}

/** Undefined when the customer's key has an order by now. */
export async function insertOrder(trx: Trx, tenantId: string, order: NewOrder): Promise<Order | undefined> {
  const row = await trx
    .insertInto('orders')
    .values({
      tenant_id: tenantId,
      id: order.id,
      customer_id: order.customerId,
      cart_id: order.cartId,
      currency: order.currency,
      total_minor: order.totalMinor,
      item_count: order.itemCount,
      idempotency_key: order.idempotencyKey,
      request_hash: order.requestHash,
      placed_at: order.placedAt,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'customer_id', 'idempotency_key']).doNothing())
    .returningAll()
    .executeTakeFirst()
  return row && toOrder(row)
}

export async function insertOrderItems(
  trx: Trx,
  tenantId: string,
  orderId: string,
  lines: readonly CartLine[],
): Promise<void> {
  await trx
    .insertInto('order_items')
    .values(
      lines.map(({ variantId, sku, title, unitMinor, quantity, position }) => ({
        tenant_id: tenantId,
        order_id: orderId,
        position,
        variant_id: variantId,
        sku,
        title,
        unit_minor: unitMinor,
        quantity,
      })),
    )
    .execute()
}

/** Of the order's items; `lockStockOfCart` must hold the rows. */
export async function reserveStock(trx: Trx, tenantId: string, orderId: string): Promise<void> {
  await moveReserved(trx, tenantId, orderId, sql`+`)
}

/** Takes the locks itself, in the same order as those who reserve. */
export async function releaseStock(trx: Trx, tenantId: string, orderId: string): Promise<void> {
  await trx
    .selectFrom('order_items as i')
    .innerJoin('variant_stock as s', (join) =>
      join.onRef('s.tenant_id', '=', 'i.tenant_id').onRef('s.variant_id', '=', 'i.variant_id'),
    )
    .select('s.variant_id')
    .where('i.tenant_id', '=', tenantId)
    .where('i.order_id', '=', orderId)
    .orderBy('i.variant_id')
    .forUpdate('s')
    .execute()
  await moveReserved(trx, tenantId, orderId, sql`-`)
}

async function moveReserved(
  trx: Trx,
  tenantId: string,
  orderId: string,
  sign: ReturnType<typeof sql>,
): Promise<void> {
  await trx
    .updateTable('variant_stock as s')
    .from('order_items as i')
    .set({ reserved: sql<number>`s.reserved ${sign} i.quantity` })
    .where('s.tenant_id', '=', tenantId)
    .where('i.tenant_id', '=', tenantId)
    .where('i.order_id', '=', orderId)
    .whereRef('s.variant_id', '=', 'i.variant_id')
    .execute()
}

type Settlement =
  | { readonly status: 'paid'; readonly paid_at: Date; readonly payment_reference: string }
  | { readonly status: 'declined'; readonly declined_at: Date; readonly decline_reason: string }

/** Of an order that is neither paid nor over; undefined when there is none. Holds the order until the transaction ends. */
export async function settlePlacedOrder(
  trx: Trx,
  tenantId: string,
  id: string,
  change: Settlement,
): Promise<Order | undefined> {
  const row = await trx
    .updateTable('orders')
    .set(change)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('status', '=', 'placed')
    .returningAll()
    .executeTakeFirst()
  return row && toOrder(row)
}

/** `findOrderForUpdate` must hold it. */
export async function markCancelled(trx: Trx, tenantId: string, id: string, at: Date): Promise<Order> {
  const row = await trx
    .updateTable('orders')
    .set({ status: 'cancelled', cancelled_at: at })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toOrder(row)
}
