/** A shop as its customers and its keepers use it, over the API: products, carts and orders for tests. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { dataOf, sendGraphQL } from './graphql-client.ts'
import type { TestServer } from './test-server.ts'

export interface UserError {
  readonly __typename: string
  readonly message: string
  readonly field?: string
  readonly currentVersion?: number
  readonly available?: number
  readonly requested?: number
  readonly variant?: { readonly id: string }
  readonly total?: { readonly amountMinor: number }
}

export interface OrderFields {
  readonly id: string
  readonly status: string
  readonly itemCount: number
  readonly total: { readonly amountMinor: number; readonly currency: string; readonly decimal: string }
}

export interface OrderPayload {
  readonly order: OrderFields | null
  readonly errors: readonly UserError[]
}

export interface CartPayload {
  readonly cart: {
    readonly id: string
    readonly itemCount: number
    readonly total: { readonly decimal: string } | null
  } | null
  readonly errors: readonly UserError[]
}

export interface ProductFields {
  readonly id: string
  readonly version: number
  readonly variants: { readonly edges: readonly { readonly node: { readonly id: string } }[] }
}

const ERRORS = `errors { __typename message ... on InvalidInputError { field }
  ... on VersionConflictError { currentVersion } ... on OutOfStockError { variant { id } requested available }
  ... on PriceChangedError { total { amountMinor } } }`
const CART = `{ cart { id status itemCount total { decimal } } ${ERRORS} }`
const ORDER = `{ order { id status itemCount total { amountMinor currency decimal } } ${ERRORS} }`

export function commerceOf(server: Pick<TestServer, 'url' | 'user'>) {
  function as<Data>(user: string, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    return dataOf(sendGraphQL<Data>(server.url, query, { token: server.user(user).token, variables }))
  }

  async function mutate<Payload>(user: string, name: string, input: object, type: string, selection: string) {
    const query = `mutation ($input: ${type}!) { result: ${name}(input: $input) ${selection} }`
    return (await as<{ result: Payload }>(user, query, { input })).result
  }

  return {
    as,
    createProduct(user: string, input: object) {
      const selection = `{ product { id version variants(first: 50) { edges { node { id } } } } ${ERRORS} }`
      type Payload = { readonly product: ProductFields | null; readonly errors: readonly UserError[] }
      return mutate<Payload>(user, 'createProduct', input, 'CreateProductInput', selection)
    },
    /** Variants of one new product with this much stock each; resolves with their ids. */
    async stocked(user: string, ...stocks: readonly number[]): Promise<string[]> {
      const variants = stocks.map((stock, index) => ({
        sku: randomUUID(),
        title: `Size ${index}`,
        price: { amountMinor: 1_250, currency: 'EUR' },
        stock,
      }))
      const { product, errors } = await this.createProduct(user, { title: 'Rocket', variants })
      assert.deepEqual(errors, [])
      return product!.variants.edges.map(({ node }) => node.id)
    },
    addToCart(user: string, input: object) {
      return mutate<CartPayload>(user, 'addToCart', input, 'AddToCartInput', CART)
    },
    setCartQuantity(user: string, input: object) {
      return mutate<CartPayload>(user, 'setCartQuantity', input, 'SetCartQuantityInput', CART)
    },
    removeFromCart(user: string, input: object) {
      return mutate<CartPayload>(user, 'removeFromCart', input, 'RemoveFromCartInput', CART)
    },
    /** A new cart with so much of each; resolves with its id. */
    async cartWith(user: string, ...items: readonly (readonly [string, number])[]): Promise<string> {
      let cartId: string | undefined
      for (const [variantId, quantity] of items) {
        const { cart, errors } = await this.addToCart(user, { cartId, variantId, quantity })
        assert.deepEqual(errors, [])
        cartId = cart!.id
      }
      return cartId!
    },
    placeOrder(user: string, cartId: string, idempotencyKey: string = randomUUID(), more: object = {}) {
      const input = { cartId, idempotencyKey, ...more }
      return mutate<OrderPayload>(user, 'placeOrder', input, 'PlaceOrderInput', ORDER)
    },
    async cancelOrder(user: string, id: string) {
      const query = `mutation ($id: ID!) { result: cancelOrder(id: $id) ${ORDER} }`
      return (await as<{ result: OrderPayload }>(user, query, { id })).result
    },
    async markOrderPaid(user: string, id: string, reference = 'bank transfer 1') {
      const query = `mutation ($id: ID!, $r: String!) { result: markOrderPaid(id: $id, reference: $r) ${ORDER} }`
      return (await as<{ result: OrderPayload }>(user, query, { id, r: reference })).result
    },
    adjustStock(user: string, input: object) {
      const selection = `{ variant { stock { total reserved available } } ${ERRORS} }`
      type Payload = {
        readonly variant: { readonly stock: Stock } | null
        readonly errors: readonly UserError[]
      }
      return mutate<Payload>(user, 'adjustStock', input, 'AdjustStockInput', selection)
    },
    /** Of the first page of all products' variants. */
    async stockOf(user: string, cartId: string): Promise<Stock[]> {
      const query = `query ($id: ID) { cart(id: $id) { items(first: 50) {
        edges { node { variant { stock { total reserved available } } } } } } }`
      interface Data {
        cart: { items: { edges: { node: { variant: { stock: Stock } } }[] } }
      }
      const { cart } = await as<Data>(user, query, { id: cartId })
      return cart.items.edges.map(({ node }) => node.variant.stock)
    },
  }
}

export interface Stock {
  readonly total: number
  readonly reserved: number
  readonly available: number
}
