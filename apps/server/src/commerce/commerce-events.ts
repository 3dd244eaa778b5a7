/** What commerce tells the rest of the platform. The data is the contract: add fields, never change or remove them. */
import { defineEvent } from '../events/envelope.ts'

const SOURCE = 'rustok-server/commerce'

export interface ProductChanged {
  readonly productId: string
  readonly title: string
  readonly version: number
}

export interface StockAdjusted {
  readonly variantId: string
  /** Pieces that came or, below 0, went. */
  readonly by: number
  readonly reason: string
}

/** All that it takes to confirm, charge or check the order without asking for it. */
export interface OrderPlaced {
  readonly orderId: string
  readonly customerId: string
  readonly currency: string
  /** In the currency's smallest unit, as all amounts. */
  readonly totalMinor: number
  readonly items: readonly {
    readonly variantId: string
    readonly sku: string
    readonly title: string
    readonly quantity: number
    readonly unitMinor: number
  }[]
  /** RFC 3339. */
  readonly placedAt: string
}

export interface OrderPaid {
  readonly orderId: string
  readonly customerId: string
  readonly currency: string
  readonly totalMinor: number
  /** The payment provider's. */
  readonly reference: string
  readonly paidAt: string
}

export interface OrderCancelled {
  readonly orderId: string
  readonly customerId: string
  readonly currency: string
  readonly totalMinor: number
  /** Whether there is money to give back. */
  readonly wasPaid: boolean
  readonly cancelledAt: string
}

export interface OrderDeclined {
  readonly orderId: string
  readonly customerId: string
  readonly currency: string
  readonly totalMinor: number
  /** The payment provider's. */
  readonly reason: string
  readonly declinedAt: string
}

/** The provider authorised a payment that the order has no use for any more: it is to be released. */
export interface PaymentSuperseded {
  readonly orderId: string
  readonly customerId: string
  /** The payment provider's. */
  readonly reference: string
}

export const productCreated = defineEvent<ProductChanged>('commerce.product.created', SOURCE)
export const productUpdated = defineEvent<ProductChanged>('commerce.product.updated', SOURCE)
export const stockAdjusted = defineEvent<StockAdjusted>('commerce.stock.adjusted', SOURCE)
export const orderPlaced = defineEvent<OrderPlaced>('commerce.order.placed', SOURCE)
export const orderPaid = defineEvent<OrderPaid>('commerce.order.paid', SOURCE)
export const orderCancelled = defineEvent<OrderCancelled>('commerce.order.cancelled', SOURCE)
export const orderDeclined = defineEvent<OrderDeclined>('commerce.order.declined', SOURCE)
export const paymentSuperseded = defineEvent<PaymentSuperseded>('commerce.payment.superseded', SOURCE)
