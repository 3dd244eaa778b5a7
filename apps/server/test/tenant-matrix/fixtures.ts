/**
 * What the tenant matrix needs to know of each operation that the schema does not say: which kind of thing each of its ids names, and values for
 * its other arguments. An operation without an entry fails the matrix. To add one: a line in OPERATIONS and, for a new kind of
 * thing, how to make one in ENTITIES.
 */

import { randomUUID } from 'node:crypto'

/** Sends an operation as one tenant's admin, and gives its data; throws when it has errors. */
export type Send = (document: string, variables?: Record<string, unknown>) => Promise<Record<string, unknown>>

export interface OperationFixture {
  /** The kind of thing that the id at each path names. */
  readonly ids?: Readonly<Record<string, Kind>>
  /** The other arguments. `mark` is a text that shows whose it is. */
  readonly variables?: (mark: string) => Record<string, unknown>
  /** Why one's own thing is answered like one that does not exist; without it that is a mistake of the fixture. */
  readonly sameForOwn?: string
}

/** Makes one in the tenant that `send` speaks for, and resolves with its id. */
export const ENTITIES = {
  async node(send, mark) {
    const data = await send(
      'mutation ($title: String!) { createNode(input: { title: $title }) { node { id } } }',
      { title: mark },
    )
    return (data as { createNode: { node: { id: string } } }).createNode.node.id
  },
  /** The caller, who has written something. */
  async writer(send, mark) {
    await ENTITIES.node(send, mark)
    const { me } = (await send('{ me { id } }')) as { me: { id: string } }
    return me.id
  },
  async user(send, mark) {
    const input = { name: mark, email: `${randomUUID()}@users.example`, role: 'VIEWER', password: PASSWORD }
    const data = await send(
      'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }',
      { input },
    )
    return (data as { createUser: { user: { id: string } } }).createUser.user.id
  },
  product: async (send, mark) => (await createProduct(send, mark)).id,
  variant: async (send, mark) => (await createProduct(send, mark)).variants.edges[0]!.node.id,
  cart: createCart,
  async order(send, mark) {
    const data = await send(
      'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }',
      { input: { cartId: await createCart(send, mark), idempotencyKey: randomUUID() } },
    )
    return (data as { placeOrder: { order: { id: string } } }).placeOrder.order.id
  },
} as const satisfies Record<string, (send: Send, mark: string) => Promise<string>>

interface CreatedProduct {
  readonly id: string
  readonly variants: { readonly edges: readonly { readonly node: { readonly id: string } }[] }
}

async function createProduct(send: Send, mark: string): Promise<CreatedProduct> {
  const data = await send(
    `mutation ($input: CreateProductInput!) {
      createProduct(input: $input) { product { id variants { edges { node { id } } } } }
    }`,
    { input: { title: mark, variants: [variantInput(mark)] } },
  )
  return (data as { createProduct: { product: CreatedProduct } }).createProduct.product
}

async function createCart(send: Send, mark: string): Promise<string> {
  const [edge] = (await createProduct(send, mark)).variants.edges
  const data = await send('mutation ($input: AddToCartInput!) { addToCart(input: $input) { cart { id } } }', {
    input: { variantId: edge!.node.id },
  })
  return (data as { addToCart: { cart: { id: string } } }).addToCart.cart.id
}

function variantInput(mark: string) {
  return { sku: randomUUID(), title: mark, price: { amountMinor: 100, currency: 'EUR' }, stock: 9 }
}

export type Kind = keyof typeof ENTITIES

const PASSWORD = 'for the matrix alone'

export const OPERATIONS: Readonly<Record<string, OperationFixture>> = {
  me: {},
  tenant: {},
  node: { ids: { id: 'node' } },
  nodeBySlug: { variables: () => ({ slug: 'visit', locale: 'de' }) },
  nodes: { ids: { authorId: 'writer' }, variables: () => ({ first: 10 }) },
  tags: { variables: () => ({ first: 10 }) },
  search: { variables: () => ({ query: 'written', first: 5 }) },
  contentStats: {},
  createNode: {
    ids: { 'input.productId': 'product' },
    variables: (mark) => ({ input: { title: mark, kind: 'STORY' } }),
  },
  updateNode: { ids: { 'input.id': 'node' }, variables: (mark) => ({ input: { version: 1, title: mark } }) },
  translateNode: {
    ids: { 'input.id': 'node' },
    variables: (mark) => ({ input: { version: 1, locale: 'de', title: mark } }),
  },
  removeTranslation: {
    ids: { 'input.id': 'node' },
    variables: () => ({ input: { version: 1, locale: 'de' } }),
  },
  publishNode: { ids: { id: 'node' } },
  unpublishNode: { ids: { id: 'node' } },
  archiveNode: { ids: { id: 'node' } },
  restoreNode: { ids: { id: 'node' } },
  discardDraft: { ids: { id: 'node' } },
  users: { variables: () => ({ first: 100 }) },
  createUser: {
    variables: (mark) => ({
      input: { name: mark, email: `${randomUUID()}@users.example`, role: 'VIEWER', password: PASSWORD },
    }),
  },
  changeRole: { ids: { id: 'user' }, variables: () => ({ role: 'AUTHOR' }) },
  disableUser: { ids: { id: 'user' } },
  enableUser: { ids: { id: 'user' } },
  product: { ids: { id: 'product' } },
  products: { variables: () => ({ first: 10 }) },
  createProduct: { variables: (mark) => ({ input: { title: mark, variants: [variantInput(mark)] } }) },
  updateProduct: {
    ids: { 'input.id': 'product' },
    variables: (mark) => ({ input: { version: 1, title: mark } }),
  },
  addVariant: {
    ids: { 'input.productId': 'product' },
    variables: (mark) => ({ input: { version: 1, ...variantInput(mark) } }),
  },
  updateVariant: {
    ids: { 'input.id': 'variant' },
    variables: (mark) => ({ input: { version: 1, title: mark } }),
  },
  adjustStock: { ids: { 'input.variantId': 'variant' }, variables: () => ({ input: { by: 1 } }) },
  cart: { ids: { id: 'cart' } },
  addToCart: { ids: { 'input.cartId': 'cart', 'input.variantId': 'variant' } },
  setCartQuantity: {
    ids: { 'input.cartId': 'cart', 'input.variantId': 'variant' },
    variables: () => ({ input: { quantity: 2 } }),
  },
  removeFromCart: { ids: { 'input.cartId': 'cart', 'input.variantId': 'variant' } },
  order: { ids: { id: 'order' } },
  orders: { variables: () => ({ first: 10, ofEverybody: true }) },
  placeOrder: {
    ids: { 'input.cartId': 'cart' },
    variables: () => ({ input: { idempotencyKey: randomUUID() } }),
  },
  cancelOrder: { ids: { id: 'order' } },
  markOrderPaid: { ids: { id: 'order' }, variables: () => ({ reference: 'cash' }) },
}
