/**
 * A cart becomes an order: in one transaction that takes the stock, or does nothing. Locks are taken in one order everywhere (cart, order,
 * stock by the variants' ids), so nobody waits in a circle. Called by `OrderService`, within its transaction.
 */
import { createHash, randomUUIDv7 } from 'node:crypto'
import type { UnitOfWork } from '../db/tenant-database.ts'
import { NOT_FOUND, type Result, wrongState } from '../domain/result.ts'
import { draftEvent } from '../events/envelope.ts'
import type { Principal } from '../identity/principal.ts'
import type { Shortage } from './cart.ts'
import { lockCart, updateCart } from './cart-queries.ts'
import { orderPlaced } from './commerce-events.ts'
import { Money } from './money.ts'
import type { Order, OrderRefusal } from './order.ts'
import {
  type CartLine,
  findOrderByKey,
  insertOrder,
  insertOrderItems,
  lockStockOfCart,
  reserveStock,
} from './order-queries.ts'

export interface OrderRequest {
  readonly cartId: string
  /** The customer's own name for this request: sent again with it, it gives the same order. */
  readonly idempotencyKey: string
  /** What the customer was shown; another one is refused rather than charged. */
  readonly expectedTotalMinor?: number | undefined
}

type Placed = Result<Order, OrderRefusal>

export async function placeOrder(
  unit: UnitOfWork,
  principal: Principal,
  request: OrderRequest,
): Promise<Placed> {
  const { trx } = unit
  const { tenantId, userId } = principal
  const { cartId, idempotencyKey, expectedTotalMinor } = request
  const requestHash = hashOf(request)

  // The same request at the same time waits here, and finds below what the first one made.
  const cart = await lockCart(trx, tenantId, userId, cartId)
  if (cart === undefined) return NOT_FOUND
  const known = await findOrderByKey(trx, tenantId, userId, idempotencyKey)
  if (known !== undefined) {
    return known.requestHash === requestHash ? { value: known.order } : { refusal: { kind: 'key_reused' } }
  }
  if (cart.status !== 'open') return wrongState('The cart was ordered already, with another key')

  const lines = await lockStockOfCart(trx, tenantId, cartId)
  if (lines.length === 0) return wrongState('The cart is empty')
  const shortages = shortagesOf(lines)
  if (shortages.length > 0) return { refusal: { kind: 'out_of_stock', shortages } }
  const { currency } = lines[0]!
  const totalMinor = lines.reduce((sum, { unitMinor, quantity }) => sum + unitMinor * quantity, 0)
  if (expectedTotalMinor !== undefined && expectedTotalMinor !== totalMinor) {
    return { refusal: { kind: 'price_changed', total: new Money(totalMinor, currency) } }
  }

  // The first write: what refuses from here on would have to roll back.
  const order = await insertOrder(trx, tenantId, {
    id: randomUUIDv7(),
    customerId: userId,
    cartId,
    currency,
    totalMinor,
    itemCount: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    idempotencyKey,
    requestHash,
    placedAt: new Date(),
  })
  // Another cart of the same customer was ordered with this key a moment ago.
  if (order === undefined) return { refusal: { kind: 'key_reused' } }
  await insertOrderItems(trx, tenantId, order.id, lines)
  await reserveStock(trx, tenantId, order.id)
  await updateCart(trx, tenantId, cartId, 'ordered')
  announce(unit, principal, order, lines)
  return { value: order }
}

function announce(
  { emit }: UnitOfWork,
  principal: Principal,
  order: Order,
  lines: readonly CartLine[],
): void {
  const { id: orderId, customerId, total, placedAt } = order
  const data = {
    orderId,
    customerId,
    currency: total.currency,
    totalMinor: total.amountMinor,
    items: lines.map(({ variantId, sku, title, quantity, unitMinor }) => ({
      variantId,
      sku,
      title,
      quantity,
      unitMinor,
    })),
    placedAt: placedAt.toISOString(),
  }
  emit(draftEvent(orderPlaced, principal, orderId, data))
}

function shortagesOf(lines: readonly CartLine[]): Shortage[] {
  return lines
    .filter(({ quantity, available }) => quantity > available)
    .map(({ variantId, quantity, available }) => ({ variantId, requested: quantity, available }))
}

/** Of all that the customer asks for; the key names it, so it is not part of it. */
function hashOf({ cartId, expectedTotalMinor }: OrderRequest): string {
  const asked = JSON.stringify([cartId.toLowerCase(), expectedTotalMinor ?? null])
  return createHash('sha256').update(asked).digest('hex')
}
