/** What is asked of the server: the two requests that tracing has a budget for, prepared through the public API. */

export interface Shop {
  readonly url: string
  readonly token: string
}

export interface Scenario {
  readonly title: string
  /** Is in every right answer. */
  readonly expected: string
  /** Names of spans that each of its traces has. */
  readonly spans: readonly string[]
  /** Of what GraphQL answers, once: throws where the request would be measured for nothing. */
  check(data: Record<string, unknown>): void
  /** `count` requests in JSON, or fewer where the same one can be sent again. */
  prepare(shop: Shop, count: number): Promise<readonly string[]>
}

const pageSize = 10
const nodesQuery = `query Latest { nodes(first: ${pageSize}) { edges { node { id title status author { id name role } } } } }`
const orderQuery = `mutation Order($input: PlaceOrderInput!) { placeOrder(input: $input) {
  order { id status itemCount total { amountMinor currency } } errors { __typename message } } }`
const fillQuery = `mutation Fill($input: AddToCartInput!) { addToCart(input: $input) {
  cart { id } errors { __typename message } } }`
const productQuery = `mutation Stock($input: CreateProductInput!) { createProduct(input: $input) {
  product { id variants(first: 50) { edges { node { id } } } } errors { __typename message } } }`

/** As many as a product may have: orders at the same time rarely wait for each other's stock. */
const variants = 50
/** Never sold out: a bench that runs for a day places fewer orders. */
const stock = 1_000_000
/** Carts that are filled at one time. */
const fillers = 8

export const nodes: Scenario = {
  title: `nodes(first: ${pageSize}) with their authors`,
  expected: '{"data":{"nodes":{"edges":[{"node":{"id":',
  spans: ['POST /graphql', 'content.nodes', 'SELECT nodes', 'SELECT users'],
  check(data) {
    const { nodes } = data as { nodes: { edges: { node: { author: { name: string } } }[] } }
    const named = nodes.edges.filter(({ node }) => node.author.name !== '')
    if (named.length !== pageSize) throw new Error(`${named.length} nodes with authors, not ${pageSize}`)
  },
  prepare: async () => [JSON.stringify({ query: nodesQuery })],
}

const variantIds = new Map<string, Promise<readonly string[]>>()
let orders = 0

export const placeOrder: Scenario = {
  title: 'placeOrder of a cart with two items',
  expected: '"status":"PLACED","itemCount":2,',
  spans: ['POST /graphql', 'commerce.placeOrder', 'transaction', 'publish commerce.order.placed'],
  check(data) {
    const { placeOrder } = data as { placeOrder: { errors: readonly unknown[] } }
    if (placeOrder.errors.length > 0) throw new Error(JSON.stringify(placeOrder.errors))
  },
  async prepare(shop, count) {
    const stocked = variantIds.get(shop.url) ?? stockUp(shop)
    variantIds.set(shop.url, stocked)
    const ids = await stocked
    const bodies: string[] = []
    let next = 0
    const fill = async () => {
      for (let i = next++; i < count; i = next++) {
        const first = await addToCart(shop, { variantId: ids[i % ids.length] })
        const cartId = await addToCart(shop, { cartId: first, variantId: ids[(i + 1) % ids.length] })
        const input = { cartId, idempotencyKey: `bench ${orders++}` }
        bodies.push(JSON.stringify({ query: orderQuery, variables: { input } }))
      }
    }
    await Promise.all(Array.from({ length: fillers }, fill))
    return bodies
  },
}

async function stockUp(shop: Shop): Promise<readonly string[]> {
  const input = {
    title: 'Anvil',
    variants: Array.from({ length: variants }, (_, i) => ({
      sku: `BENCH-${Date.now()}-${i}`,
      title: `${i} kg`,
      price: { amountMinor: 1_000 + i, currency: 'USD' },
      stock,
    })),
  }
  const { createProduct } = (await askGraphql(shop, productQuery, { input })) as {
    createProduct: { product: { variants: { edges: { node: { id: string } }[] } } | null; errors: unknown[] }
  }
  if (createProduct.product === null) throw new Error(JSON.stringify(createProduct.errors))
  return createProduct.product.variants.edges.map(({ node }) => node.id)
}

async function addToCart(shop: Shop, input: object): Promise<string> {
  const { addToCart } = (await askGraphql(shop, fillQuery, { input })) as {
    addToCart: { cart: { id: string } | null; errors: unknown[] }
  }
  if (addToCart.cart === null) throw new Error(JSON.stringify(addToCart.errors))
  return addToCart.cart.id
}

async function askGraphql(shop: Shop, query: string, variables: object): Promise<Record<string, unknown>> {
  return (await askBody(shop, JSON.stringify({ query, variables }))).data
}

/** Throws unless the answer has data and no errors. */
export async function askBody(
  { url, token }: Shop,
  body: string,
): Promise<{ readonly data: Record<string, unknown>; readonly traceId: string }> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body,
  })
  const answer = (await response.json()) as { data?: Record<string, unknown>; errors?: unknown }
  if (answer.data === undefined || answer.errors !== undefined) {
    throw new Error(`${response.status}: ${JSON.stringify(answer).slice(0, 600)}`)
  }
  return { data: answer.data, traceId: response.headers.get('x-trace-id') ?? '' }
}
