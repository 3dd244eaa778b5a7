/** The SQL of carts. Each takes the tenant and names it in its `where`, and the customer where the cart comes from outside. */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { CartStatus, Database } from '../db/schema.ts'
import type { PageStart } from '../domain/page.ts'
import type { Cart, CartItem } from './cart.ts'
import { Money } from './money.ts'

type Db = Kysely<Database>
type Trx = Transaction<Database>

/** With `id` that cart, whatever its status; without, the newest open one. */
export async function findCart(
  db: Db,
  tenantId: string,
  customerId: string,
  id: string | undefined,
): Promise<Cart | undefined> {
  const carts = db
    .selectFrom('carts as c')
    .leftJoin('cart_items as i', (join) =>
      join.onRef('i.tenant_id', '=', 'c.tenant_id').onRef('i.cart_id', '=', 'c.id'),
    )
    .leftJoin('product_variants as v', (join) =>
      join.onRef('v.tenant_id', '=', 'i.tenant_id').onRef('v.id', '=', 'i.variant_id'),
    )
    .select(['c.id', 'c.status', 'c.created_at', 'c.updated_at'])
    .select((eb) => [
      eb.fn.sum<string | null>('i.quantity').as('item_count'),
      sql<string | null>`sum(i.quantity * v.price_minor)`.as('total'),
      eb.fn.max('v.currency').as('currency'),
    ])
    .where('c.tenant_id', '=', tenantId)
    .where('c.customer_id', '=', customerId)
    .groupBy(['c.id', 'c.status', 'c.created_at', 'c.updated_at'])
  const row = await (id === undefined
    ? carts.where('c.status', '=', 'open').orderBy('c.id', 'desc').limit(1)
    : carts.where('c.id', '=', id)
  ).executeTakeFirst()
  if (row === undefined) return undefined
  const { currency } = row
  return {
    id: row.id,
    status: row.status,
    itemCount: Number(row.item_count ?? 0),
    total: currency === null ? undefined : new Money(Number(row.total), currency),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** For each of the carts its first items, or those behind a position. */
export async function listCartItems(
  db: Db,
  tenantId: string,
  cartIds: readonly string[],
  { limit, after }: PageStart<number>,
): Promise<CartItem[]> {
  const numbered = db
    .selectFrom('cart_items as i')
    .innerJoin('product_variants as v', (join) =>
      join.onRef('v.tenant_id', '=', 'i.tenant_id').onRef('v.id', '=', 'i.variant_id'),
    )
    .select(['i.cart_id', 'i.variant_id', 'i.position', 'i.quantity', 'v.price_minor', 'v.currency'])
    .select(sql<number>`row_number() over (partition by i.cart_id order by i.position)`.as('nth'))
    .where('i.tenant_id', '=', tenantId)
    .where('i.cart_id', 'in', cartIds)
    .where('i.position', '>', after ?? -1)
  const rows = await db
    .selectFrom(numbered.as('items'))
    .selectAll()
    .where('nth', '<=', limit)
    .orderBy('cart_id')
    .orderBy('position')
    .execute()
  return rows.map((row) => {
    const { quantity, position, currency } = row
    const unit = Number(row.price_minor)
    return {
      cartId: row.cart_id,
      variantId: row.variant_id,
      position,
      quantity,
      unitPrice: new Money(unit, currency),
      lineTotal: new Money(unit * quantity, currency),
    }
  })
}

export async function insertCart(trx: Trx, tenantId: string, customerId: string, id: string): Promise<void> {
  await trx.insertInto('carts').values({ tenant_id: tenantId, id, customer_id: customerId }).execute()
}

/** Holds the cart until the transaction ends: its items change, and become an order, only so. */
export async function lockCart(
  trx: Trx,
  tenantId: string,
  customerId: string,
  id: string,
): Promise<{ readonly id: string; readonly status: CartStatus } | undefined> {
  return trx
    .selectFrom('carts')
    .select(['id', 'status'])
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('customer_id', '=', customerId)
    .forUpdate()
    .executeTakeFirst()
}

export async function updateCart(trx: Trx, tenantId: string, id: string, status: CartStatus): Promise<void> {
  await trx
    .updateTable('carts')
    .set({ status, updated_at: new Date() })
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
}

/** What lies in a locked cart, by variant. */
export async function itemsInCart(
  trx: Trx,
  tenantId: string,
  cartId: string,
): Promise<{ variantId: string; position: number; quantity: number; currency: string }[]> {
  return trx
    .selectFrom('cart_items as i')
    .innerJoin('product_variants as v', (join) =>
      join.onRef('v.tenant_id', '=', 'i.tenant_id').onRef('v.id', '=', 'i.variant_id'),
    )
    .select(['i.variant_id as variantId', 'i.position', 'i.quantity', 'v.currency'])
    .where('i.tenant_id', '=', tenantId)
    .where('i.cart_id', '=', cartId)
    .execute()
}

export async function putItem(
  trx: Trx,
  tenantId: string,
  item: {
    readonly cartId: string
    readonly variantId: string
    readonly position: number
    readonly quantity: number
  },
): Promise<void> {
  const { cartId, variantId, position, quantity } = item
  await trx
    .insertInto('cart_items')
    .values({ tenant_id: tenantId, cart_id: cartId, variant_id: variantId, position, quantity })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'cart_id', 'variant_id']).doUpdateSet({ quantity }),
    )
    .execute()
}

export async function removeItem(
  trx: Trx,
  tenantId: string,
  cartId: string,
  variantId: string,
): Promise<void> {
  await trx
    .deleteFrom('cart_items')
    .where('tenant_id', '=', tenantId)
    .where('cart_id', '=', cartId)
    .where('variant_id', '=', variantId)
    .execute()
}

/** What can be bought of a variant now: nothing of an archived product. */
export async function findOffer(
  trx: Trx,
  tenantId: string,
  variantId: string,
): Promise<{ readonly price: Money; readonly available: number } | undefined> {
  const row = await trx
    .selectFrom('product_variants as v')
    .innerJoin('products as p', (join) =>
      join.onRef('p.tenant_id', '=', 'v.tenant_id').onRef('p.id', '=', 'v.product_id'),
    )
    .innerJoin('variant_stock as s', (join) =>
      join.onRef('s.tenant_id', '=', 'v.tenant_id').onRef('s.variant_id', '=', 'v.id'),
    )
    .select(['v.price_minor', 'v.currency', 'p.status', 's.total', 's.reserved'])
    .where('v.tenant_id', '=', tenantId)
    .where('v.id', '=', variantId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    price: new Money(Number(row.price_minor), row.currency),
    available: row.status === 'active' ? row.total - row.reserved : 0,
  }
}
