/** What happens to an order after it was placed: it is paid, or cancelled. Within the transaction of `OrderService`, or of an event handler. */
import type { UnitOfWork } from '../db/tenant-database.ts'
import { NOT_FOUND, type Result, wrongState } from '../domain/result.ts'
import { type Actor, draftEvent } from '../events/envelope.ts'
import { orderCancelled, orderPaid } from './commerce-events.ts'
import type { Order } from './order.ts'
import { findOrderForUpdate, releaseStock, updateOrder } from './order-queries.ts'

/** Paying what is paid changes nothing and is no error: providers tell twice. */
export async function payOrder(
  { trx, emit }: UnitOfWork,
  actor: Actor,
  id: string,
  reference: string,
): Promise<Result<Order>> {
  const order = await findOrderForUpdate(trx, actor.tenantId, id)
  if (order === undefined) return NOT_FOUND
  if (order.status === 'paid') return { value: order }
  if (order.status === 'cancelled') return wrongState('The order was cancelled')
  const at = new Date()
  const change = { status: 'paid', paid_at: at, payment_reference: reference } as const
  const value = await updateOrder(trx, actor.tenantId, id, change)
  emit(draftEvent(orderPaid, actor, id, { ...common(value), reference, paidAt: at.toISOString() }))
  return { value }
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
  const at = new Date()
  await releaseStock(trx, actor.tenantId, id)
  const value = await updateOrder(trx, actor.tenantId, id, { status: 'cancelled', cancelled_at: at })
  const wasPaid = order.status === 'paid'
  emit(draftEvent(orderCancelled, actor, id, { ...common(value), wasPaid, cancelledAt: at.toISOString() }))
  return { value }
}

function common({ id: orderId, customerId, total }: Order) {
  return { orderId, customerId, currency: total.currency, totalMinor: total.amountMinor }
}
