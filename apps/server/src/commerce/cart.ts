/** Carts, as services and GraphQL know them. Prices in a cart are those of the moment in which one looks. */
import type { CartStatus } from '../db/schema.ts'
import type { Money } from './money.ts'

/** Bounds the rows that an order locks. */
export const MAX_ITEMS = 50
export const MAX_QUANTITY = 1_000

export interface Cart {
  readonly id: string
  readonly status: CartStatus
  /** Pieces, of all items together. */
  readonly itemCount: number
  /** Undefined for an empty one: its currency is that of what lies in it. */
  readonly total: Money | undefined
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface CartItem {
  readonly cartId: string
  readonly variantId: string
  readonly position: number
  readonly quantity: number
  readonly unitPrice: Money
  readonly lineTotal: Money
}

/** Something of which there is less than is asked for. */
export interface Shortage {
  readonly variantId: string
  readonly requested: number
  readonly available: number
}

export interface OutOfStock {
  readonly kind: 'out_of_stock'
  readonly shortages: readonly Shortage[]
}
