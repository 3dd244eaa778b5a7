/** What happens to an order after it was placed: it is paid, declined or cancelled. In the transaction of `OrderService`, or of an event handler. */
import type { UnitOfWork } from '../db/tenant-database.ts'
import { NOT_FOUND, type Result, wrongState } from '../domain/result.ts'
import { type Actor, draftEvent } from '../events/envelope.ts'
import { orderCancelled, orderDeclined, orderPaid } from './commerce-events.ts'
import type { Order } from './order.ts'
import {
  findOrder,
  findOrderForUpdate,
  markCancelled,
  releaseStock,
  settlePlacedOrder,
} from './order-queries.ts'

/** Paying what is paid changes nothing and is no error: providers tell twice. */
export async function payOrder(
  { trx, emit }: UnitOfWork,
  actor: Actor,
  id: string,
  reference: string,
): Promise<Result<Order>> {
  const at = new Date()
  const change = { status: 'paid', paid_at: at, payment_reference: reference } as const
  const value = await settlePlacedOrder(trx, actor.tenantId, id, change)
  if (value === undefined) return unpaid(await findOrder(trx, actor.tenantId, id))
  emit(draftEvent(orderPaid, actor, id, { ...common(value), reference, paidAt: at.toISOString() }))
  return { value }
}

/** Why it was not paid now. */
function unpaid(order: Order | undefined): Result<Order> {
  if (order === undefined) return NOT_FOUND
  return order.status === 'paid' ? { value: order } : wrongState(`The order was ${order.status}`)
}

/** Its stock returns. One that was paid another way by then, or cancelled, stays so. */
export async function declineOrder(
  { trx, emit }: UnitOfWork,
  actor: Actor,
  id: string,
  reason: string,
): Promise<void> {
  const at = new Date()
  const change = { status: 'declined', declined_at: at, decline_reason: reason } as const
  const order = await settlePlacedOrder(trx, actor.tenantId, id, change)
  if (order === undefined) return
  await releaseStock(trx, actor.tenantId, id)
  emit(draftEvent(orderDeclined, actor, id, { ...common(order), reason, declinedAt: at.toISOString() }))
}

/** Its stock returns. `permitted` sees the order before anything is done. */
export async function cancelOrder(
  { trx, emit }: UnitOfWork,
  actor: Actor,
  id: string,
  permitted: (order: Order) => Result<Order>,
): Promise<Result<Order>> {
  const order = await findOrderForUpdate(trx, actor.tenantId, id)
  if (order === undefined) return NOT_FOUND
  const answer = permitted(order)
  if (answer.refusal !== undefined || order.status === 'cancelled') return answer
  if (order.status === 'declined') return wrongState('The order was declined, and holds nothing any more')
  const at = new Date()
  await releaseStock(trx, actor.tenantId, id)
  const value = await markCancelled(trx, actor.tenantId, id, at)
  const wasPaid = order.status === 'paid'
  emit(draftEvent(orderCancelled, actor, id, { ...common(value), wasPaid, cancelledAt: at.toISOString() }))
  return { value }
}

function common({ id: orderId, customerId, total }: Order) {
  return { orderId, customerId, currency: total.currency, totalMinor: total.amountMinor }
}
