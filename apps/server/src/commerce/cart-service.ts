/** What a customer does with their cart. It reserves nothing: stock is looked at here, and taken when the cart is ordered. */
import { randomUUIDv7 } from 'node:crypto'
import type { TenantDatabase, UnitOfWork } from '../db/tenant-database.ts'
import { Operations } from '../domain/operations.ts'
import { type Page, type PageRequest, startOf, toPage } from '../domain/page.ts'
import { FORBIDDEN, invalid, invalidFields, NOT_FOUND, type Result, wrongState } from '../domain/result.ts'
import { isUuid } from '../domain/uuid.ts'
import { permits } from '../identity/permissions.ts'
import type { Principal } from '../identity/principal.ts'
import { type Cart, type CartItem, MAX_ITEMS, MAX_QUANTITY, type OutOfStock } from './cart.ts'
import {
  findCart,
  findOffer,
  insertCart,
  itemsInCart,
  listCartItems,
  lockCart,
  putItem,
  removeItem,
  updateCart,
} from './cart-queries.ts'
import type { CommerceObserver, CommerceOperation } from './commerce-observer.ts'
import { positionCursor } from './product.ts'

type CartResult = Result<Cart, OutOfStock>

export class CartService {
  readonly #database: TenantDatabase
  readonly #operations: Operations<CommerceOperation>

  constructor(database: TenantDatabase, observer: CommerceObserver) {
    this.#database = database
    this.#operations = new Operations('commerce', (...args) => observer.commerceOperation(...args))
  }

  /** One's own; without an id the newest that is not ordered. */
  cart(principal: Principal, id: string | undefined): Promise<Cart | undefined> {
    return this.#operations.read('cart', async () => {
      if (id !== undefined && !isUuid(id)) return undefined
      const { tenantId, userId } = principal
      return this.#database.read(tenantId, (db) => findCart(db, tenantId, userId, id))
    })
  }

  /** The same page of each cart's items, in the order of `cartIds`, which come from `cart` and are the customer's own. */
  cartItemsOf(
    { tenantId }: Principal,
    cartIds: readonly string[],
    page: PageRequest,
  ): Promise<Result<readonly Page<CartItem>[]>> {
    return this.#operations.runBatch('cartItemsOf', cartIds.length, async () => {
      const checked = startOf(page, positionCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const found = await this.#database.read(tenantId, (db) =>
        listCartItems(db, tenantId, cartIds, checked.start),
      )
      const byCart = Map.groupBy(found, ({ cartId }) => cartId)
      const value = cartIds.map((id) =>
        toPage(byCart.get(id) ?? [], page.first, positionCursor, ({ position }) => position),
      )
      return { value }
    })
  }

  /** On top of what is there of it already. Without a cart, in a new one. */
  addToCart(
    principal: Principal,
    given: { readonly cartId: string | undefined; readonly variantId: string; readonly quantity: number },
  ): Promise<CartResult> {
    const { cartId, variantId, quantity } = given
    return this.#change('addToCart', principal, async (trx) => {
      if (quantity < 1) return invalid('quantity', `quantity must be at least 1, it is ${quantity}`)
      return this.#put(trx, principal, { cartId, variantId }, (there) => there + quantity)
    })
  }

  /** 0 takes it out. */
  setCartQuantity(
    principal: Principal,
    given: { readonly cartId: string; readonly variantId: string; readonly quantity: number },
  ): Promise<CartResult> {
    return this.#change('setCartQuantity', principal, (trx) =>
      this.#put(trx, principal, given, () => given.quantity),
    )
  }

  /** What is not in it is out of it already. */
  removeFromCart(principal: Principal, cartId: string, variantId: string): Promise<CartResult> {
    return this.#change('removeFromCart', principal, (trx) =>
      this.#put(trx, principal, { cartId, variantId }, () => 0),
    )
  }

  #change(
    operation: CommerceOperation,
    principal: Principal,
    work: (trx: UnitOfWork['trx']) => Promise<CartResult>,
  ): Promise<CartResult> {
    return this.#operations.run(operation, async (): Promise<CartResult> => {
      if (!permits(principal, 'commerce:order')) return FORBIDDEN
      const purpose = `commerce.${operation}`
      return this.#database.transact(principal.tenantId, purpose, ({ trx }) => work(trx), {
        repeatable: true,
      })
    })
  }

  /** `quantityOf` gives the new quantity, from that which lies in the cart. A new cart is written with its first item, or not at all. */
  async #put(
    trx: UnitOfWork['trx'],
    { tenantId, userId }: Principal,
    { cartId, variantId }: { readonly cartId: string | undefined; readonly variantId: string },
    quantityOf: (there: number) => number,
  ): Promise<CartResult> {
    if (!isUuid(cartId ?? variantId) || !isUuid(variantId)) return NOT_FOUND
    if (cartId !== undefined) {
      const cart = await lockCart(trx, tenantId, userId, cartId)
      if (cart === undefined) return NOT_FOUND
      if (cart.status !== 'open') return wrongState('The cart was ordered, and stays as it was')
    }
    const offer = await findOffer(trx, tenantId, variantId)
    if (offer === undefined) return NOT_FOUND
    const items = cartId === undefined ? [] : await itemsInCart(trx, tenantId, cartId)
    const there = items.find((item) => item.variantId === variantId.toLowerCase())
    const quantity = quantityOf(there?.quantity ?? 0)
    const refusal = refuse(offer, items, there, variantId, quantity)
    if (refusal !== undefined) return refusal

    const id = cartId ?? randomUUIDv7()
    if (cartId === undefined) await insertCart(trx, tenantId, userId, id)
    else await updateCart(trx, tenantId, id, 'open')
    const position = there?.position ?? Math.max(0, ...items.map((item) => item.position)) + 1
    if (quantity > 0) await putItem(trx, tenantId, { cartId: id, variantId, position, quantity })
    else await removeItem(trx, tenantId, id, variantId)
    const cart = await findCart(trx, tenantId, userId, id)
    return cart === undefined ? NOT_FOUND : { value: cart }
  }
}

type Items = Awaited<ReturnType<typeof itemsInCart>>
type Offer = NonNullable<Awaited<ReturnType<typeof findOffer>>>

/** Why a cart with `items` cannot hold so much of a variant. Less than before is always right. */
function refuse(
  { price, available }: Offer,
  items: Items,
  there: Items[number] | undefined,
  variantId: string,
  quantity: number,
): Exclude<CartResult, { value: unknown }> | undefined {
  if (quantity < 0 || quantity > MAX_QUANTITY) {
    return invalid('quantity', `quantity must end up between 0 and ${MAX_QUANTITY}, it would be ${quantity}`)
  }
  if (quantity <= (there?.quantity ?? 0)) return undefined
  if (there === undefined && items.length >= MAX_ITEMS) {
    return wrongState(`The cart has ${MAX_ITEMS} items, and that is the most`)
  }
  const other = items.find((item) => item.currency !== price.currency)
  if (other !== undefined) {
    const message = `variantId is priced in ${price.currency}, what lies in the cart in ${other.currency}`
    return invalid('variantId', message)
  }
  if (quantity <= available) return undefined
  return { refusal: { kind: 'out_of_stock', shortages: [{ variantId, requested: quantity, available }] } }
}
