/** Orders, as services and GraphQL know them: what was bought, as it was called and priced then. */
import type { OrderStatus } from '../db/schema.ts'
import { uuidCursor } from '../domain/cursor.ts'
import type { OutOfStock } from './cart.ts'
import type { Money } from './money.ts'

export interface Order {
  readonly id: string
  readonly customerId: string
  readonly status: OrderStatus
  readonly total: Money
  /** Pieces, of all items together. */
  readonly itemCount: number
  readonly placedAt: Date
  readonly paidAt: Date | undefined
  /** Where the money can be found. */
  readonly paymentReference: string | undefined
  readonly cancelledAt: Date | undefined
  readonly declinedAt: Date | undefined
  /** As the payment provider put it. */
  readonly declineReason: string | undefined
}

export interface OrderItem {
  readonly orderId: string
  readonly position: number
  readonly variantId: string
  readonly sku: string
  readonly title: string
  readonly quantity: number
  readonly unitPrice: Money
  readonly lineTotal: Money
}

export type OrderRefusal =
  | OutOfStock
  /** The customer used the key before, for something else. */
  | { readonly kind: 'key_reused' }
  /** Since the customer looked. */
  | { readonly kind: 'price_changed'; readonly total: Money }

export const orderCursor = uuidCursor('order')
