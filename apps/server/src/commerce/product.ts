/** Products and their variants, as services and GraphQL know them. */
import type { ProductStatus } from '../db/schema.ts'
import { cursorOf, uuidCursor } from '../domain/cursor.ts'
import type { Money } from './money.ts'

export interface Product {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly status: ProductStatus
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** What one buys: a product in a size, a colour. Always with its stock, as nobody looks at one without it. */
export interface Variant {
  readonly id: string
  readonly productId: string
  readonly position: number
  readonly sku: string
  readonly title: string
  readonly price: Money
  /** Of the stock: pieces that can be bought. */
  readonly available: number
  readonly stock: Stock
}

/** total = reserved + available. */
export interface Stock {
  readonly total: number
  readonly reserved: number
  readonly available: number
}

export const productCursor = uuidCursor('product')

/** Of what has an order of its own within something: variants, items. */
export const positionCursor = cursorOf(
  'position',
  (position: number) => String(position),
  (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined),
)
