/**
 * Has each order paid for: asks the payment provider once it is placed, and writes down what that says. The call comes first, as no
 * transaction can take it back, with a key by which the provider recognises one that it had before; the order's new state and the record
 * of the event are one transaction. Events of one order come in turn, so what is to be released was asked for before.
 */
import type { UnitOfWork } from '../db/tenant-database.ts'
import { type Actor, draftEvent, type EventEnvelope } from '../events/envelope.ts'
import { createHandler, type Delivery, type EventHandler, onDelivery } from '../events/event-handler.ts'
import { orderCancelled, orderPlaced, paymentSuperseded } from './commerce-events.ts'
import type { CommerceObserver, CommerceOperation } from './commerce-observer.ts'
import {
  authorisePayment,
  type Payment,
  type PaymentSettings,
  type PaymentVerdict,
  releasePayment,
} from './payment-provider.ts'
import { declineOrder, payOrder } from './settle-order.ts'

/** Half an hour without the provider costs no order: 0.5 s, twice as long each time, then every 5 minutes. */
const MAX_ATTEMPTS = 16

export function paymentHandler(settings: PaymentSettings, observer: CommerceObserver): EventHandler {
  const authorise = onDelivery(orderPlaced, async (event, { signal, transact }) => {
    const { orderId: order, customerId: customer, totalMinor: amountMinor, currency } = event.data
    const actor = { tenantId: event.tenantid, userId: event.actorid ?? customer }
    const payment = { merchant: actor.tenantId, order, customer, amountMinor, currency }
    const verdict = await observed(
      observer,
      'authorisePayment',
      ({ status }) => status,
      () => authorisePayment(settings, payment, signal),
    )
    await transact((unit) => settle(unit, actor, payment, verdict))
  })

  // Also of an order that was not paid: whether the provider holds something for it is what the provider knows.
  const release = ({ id, tenantid: merchant, subject: order }: EventEnvelope, { signal }: Delivery) =>
    observed(
      observer,
      'releasePayment',
      () => 'ok',
      () => releasePayment(settings, { merchant, order }, id, signal),
    )

  const routes = [authorise, onDelivery(orderCancelled, release), onDelivery(paymentSuperseded, release)]
  return createHandler('payment', routes, { concurrency: 4, maxAttempts: MAX_ATTEMPTS })
}

async function settle(
  unit: UnitOfWork,
  actor: Actor,
  payment: Payment,
  verdict: PaymentVerdict,
): Promise<void> {
  const { order: orderId, customer: customerId } = payment
  if (verdict.status === 'declined') {
    await declineOrder(unit, actor, orderId, verdict.reason)
    return
  }
  const { reference } = verdict
  const { value: order } = await payOrder(unit, actor, orderId, reference)
  // Cancelled meanwhile, or paid another way.
  if (order?.paymentReference !== reference) {
    unit.emit(draftEvent(paymentSuperseded, actor, orderId, { orderId, customerId, reference }))
  }
}

/** Counts and times the call; its span is the HTTP client's. */
async function observed<T>(
  observer: CommerceObserver,
  operation: CommerceOperation,
  outcomeOf: (value: T) => string,
  call: () => Promise<T>,
): Promise<T> {
  const start = performance.now()
  const tell = (outcome: string) =>
    observer.commerceOperation(operation, outcome, (performance.now() - start) / 1_000)
  try {
    const value = await call()
    tell(outcomeOf(value))
    return value
  } catch (error) {
    tell('error')
    throw error
  }
}
