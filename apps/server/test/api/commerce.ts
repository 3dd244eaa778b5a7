/** The shop as a client of the API sees it: products, carts and orders, who may do what, and every typed error. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { commerceOf } from '../support/commerce-client.ts'
import { sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

const shop = commerceOf(server)
const EUR = (amountMinor: number) => ({ amountMinor, currency: 'EUR' })
const variant = (more: object = {}) => ({ sku: randomUUID(), title: 'One size', price: EUR(1_250), ...more })

test('creates a product with variants, to be read back with prices and stock', async () => {
  const variants = [
    variant({ stock: 3 }),
    variant({ title: 'XL', price: { amountMinor: 900, currency: 'JPY' } }),
  ]
  const { product, errors } = await shop.createProduct('ada', { title: '  Anvil ', variants })
  assert.deepEqual(errors, [])
  const query = `query ($id: ID!) { product(id: $id) { title status version variants { edges { node {
    title price { amountMinor currency decimal } available stock { total reserved available } product { title }
  } } } } }`
  const entry = (title: string, price: object, available: number) => ({
    node: {
      title,
      price,
      available,
      stock: { total: available, reserved: 0, available },
      product: { title: 'Anvil' },
    },
  })
  assert.deepEqual(await shop.as('ada', query, { id: product!.id }), {
    product: {
      title: 'Anvil',
      status: 'ACTIVE',
      version: 1,
      variants: {
        edges: [
          entry('One size', { amountMinor: 1_250, currency: 'EUR', decimal: '12.50' }, 3),
          entry('XL', { amountMinor: 900, currency: 'JPY', decimal: '900' }, 0),
        ],
      },
    },
  })
  const { product: seen } = await shop.as<{ product: object }>(
    'ben',
    'query ($id: ID!) { product(id: $id) { variants(first: 1) { edges { node { available stock { total } } } } } }',
    { id: product!.id },
  )
  assert.deepEqual(seen, { variants: { edges: [{ node: { available: 3, stock: null } }] } })
})

test('names every field of a product that is wrong, by its path', async () => {
  const sku = randomUUID()
  const variants = [
    variant({ sku, price: { amountMinor: -1, currency: 'EURO' } }),
    variant({ sku, title: ' ', stock: -1 }),
  ]
  const { product, errors } = await shop.createProduct('ada', { title: ' ', variants })
  assert.equal(product, null)
  assert.deepEqual(
    errors.map(({ __typename, field }) => `${__typename} ${field}`),
    [
      'InvalidInputError title',
      'InvalidInputError variants.0.price.amountMinor',
      'InvalidInputError variants.0.price.currency',
      'InvalidInputError variants.1.title',
      'InvalidInputError variants.1.stock',
      'InvalidInputError variants.1.sku',
    ],
  )
  assert.ok(errors.every(({ field, message }) => message.startsWith(`${field} `)))
  for (const count of [0, 51]) {
    const given = { title: 'x', variants: Array.from({ length: count }, () => variant()) }
    assert.equal((await shop.createProduct('ada', given)).errors[0]?.field, 'variants')
  }
  const taken = variant()
  await shop.createProduct('ada', { title: 'First', variants: [taken] })
  const again = await shop.createProduct('ada', { title: 'Second', variants: [variant({ sku: taken.sku })] })
  assert.equal(again.errors[0]?.field, 'variants.0.sku')
})

test('changes a product only from the version that was read', async () => {
  const { product } = await shop.createProduct('ada', { title: 'Magnet', variants: [variant()] })
  const query = `mutation ($input: UpdateProductInput!) { updateProduct(input: $input) {
    product { title version } errors { __typename ... on VersionConflictError { currentVersion } } } }`
  const update = (version: number, title: string) =>
    shop.as('ada', query, { input: { id: product!.id, version, title } })
  assert.deepEqual(await update(1, 'Giant magnet'), {
    updateProduct: { product: { title: 'Giant magnet', version: 2 }, errors: [] },
  })
  assert.deepEqual(await update(1, 'Tiny magnet'), {
    updateProduct: { product: null, errors: [{ __typename: 'VersionConflictError', currentVersion: 2 }] },
  })
})

test('adds and changes variants with their product, and keeps their currency', async () => {
  const { product } = await shop.createProduct('ada', { title: 'Skates', variants: [variant()] })
  const [{ node }] = product!.variants.edges as [{ node: { id: string } }]
  const SHOWN = `{ product { version variants { edges { node { title price { decimal } } } } }
    errors { __typename message ... on InvalidInputError { field } } }`
  interface Payload {
    product: {
      version: number
      variants: { edges: { node: { title: string; price: { decimal: string } } }[] }
    }
    errors: { __typename: string; field: string }[]
  }
  const add = (input: object) =>
    shop.as<{ it: Payload }>(
      'ada',
      `mutation ($input: AddVariantInput!) { it: addVariant(input: $input) ${SHOWN} }`,
      { input: { productId: product!.id, ...input } },
    )
  const change = (input: object) =>
    shop.as<{ it: Payload }>(
      'ada',
      `mutation ($input: UpdateVariantInput!) { it: updateVariant(input: $input) ${SHOWN} }`,
      { input: { id: node.id, ...input } },
    )
  const second = variant({ title: 'Size 44' })
  assert.equal((await add({ version: 1, ...second })).it.product.version, 2)
  assert.equal((await add({ version: 2, ...second })).it.errors[0]?.field, 'sku')
  assert.equal((await add({ version: 1, ...variant() })).it.errors[0]?.__typename, 'VersionConflictError')
  const { it: changed } = await change({ version: 2, title: 'Size 43', price: EUR(99) })
  assert.deepEqual(
    changed.product.variants.edges.map((edge) => [edge.node.title, edge.node.price.decimal]),
    [
      ['Size 43', '0.99'],
      ['Size 44', '12.50'],
    ],
  )
  const other = await change({ version: 3, price: { amountMinor: 1, currency: 'USD' } })
  assert.equal(other.it.errors[0]?.field, 'price.currency')
})

test('lets only those change the shop who keep it', async () => {
  const refused = await shop.createProduct('ben', { title: 'x', variants: [variant()] })
  assert.deepEqual([refused.product, refused.errors[0]?.__typename], [null, 'ForbiddenError'])
  const [id] = await shop.stocked('ada', 1)
  const adjusted = await shop.adjustStock('ben', { variantId: id, by: 5 })
  assert.equal(adjusted.errors[0]?.__typename, 'ForbiddenError')
})

test('shows archived products to those who keep the shop alone, and sells none', async () => {
  const { product } = await shop.createProduct('ada', { title: 'Old', variants: [variant({ stock: 9 })] })
  const variantId = product!.variants.edges[0]!.node.id
  const cartId = await shop.cartWith('ben', [variantId, 1])
  await shop.as(
    'ada',
    'mutation ($input: UpdateProductInput!) { updateProduct(input: $input) { product { id } } }',
    {
      input: { id: product!.id, version: 1, status: 'ARCHIVED' },
    },
  )
  const listed = async (user: string, status: string) => {
    const query = `{ products(first: 100${status}) { totalCount edges { node { id } } } }`
    const { products } = await shop.as<{
      products: { totalCount: number; edges: { node: { id: string } }[] }
    }>(user, query)
    assert.equal(products.totalCount, products.edges.length)
    return products.edges.some(({ node }) => node.id === product!.id)
  }
  assert.equal(await listed('ada', ''), true)
  assert.equal(await listed('ada', ', status: ACTIVE'), false)
  assert.equal(await listed('ben', ''), false)
  assert.equal(await listed('ben', ', status: ARCHIVED'), false)
  const { order, errors } = await shop.placeOrder('ben', cartId)
  assert.deepEqual([order, errors[0]?.__typename, errors[0]?.available], [null, 'OutOfStockError', 0])
})

test('fills a cart: adds up, sets, removes, and shows the prices of now', async () => {
  const [a, b] = (await shop.stocked('ada', 5, 5)) as [string, string]
  const cartId = await shop.cartWith('ben', [a, 1], [b, 2], [a, 1])
  const read = async () =>
    (
      await shop.as<{ cart: { itemCount: number; total: { decimal: string } } }>(
        'ben',
        'query ($id: ID) { cart(id: $id) { itemCount total { decimal } } }',
        { id: cartId },
      )
    ).cart
  assert.deepEqual(await read(), { itemCount: 4, total: { decimal: '50.00' } })
  await shop.setCartQuantity('ben', { cartId, variantId: b, quantity: 1 })
  assert.deepEqual(await read(), { itemCount: 3, total: { decimal: '37.50' } })
  await server.owner.updateTable('product_variants').set({ price_minor: 1_000 }).where('id', '=', a).execute()
  assert.deepEqual(await read(), { itemCount: 3, total: { decimal: '32.50' } })
  assert.deepEqual((await shop.removeFromCart('ben', { cartId, variantId: a })).errors, [])
  assert.deepEqual((await shop.removeFromCart('ben', { cartId, variantId: a })).errors, [])
  const { cart } = await shop.setCartQuantity('ben', { cartId, variantId: b, quantity: 0 })
  assert.deepEqual([cart?.itemCount, cart?.total], [0, null])
  const { cart: newest } = await shop.as<{ cart: { id: string } }>('ben', '{ cart { id } }')
  assert.equal(newest.id, cartId)
})

test('refuses what a cart cannot hold', async () => {
  const [id] = (await shop.stocked('ada', 2)) as [string]
  const { product } = await shop.createProduct('ada', {
    title: 'Imported',
    variants: [variant({ price: { amountMinor: 1, currency: 'USD' }, stock: 1 })],
  })
  const short = await shop.addToCart('ben', { variantId: id, quantity: 3 })
  assert.deepEqual(short, {
    cart: null,
    errors: [
      {
        __typename: 'OutOfStockError',
        message: 'Only 2 of 3 pieces are available',
        variant: { id },
        requested: 3,
        available: 2,
      },
    ],
  })
  const cartId = await shop.cartWith('ben', [id, 1])
  for (const quantity of [0, -1, 1_000]) {
    const { errors } = await shop.addToCart('ben', { cartId, variantId: id, quantity })
    assert.deepEqual([errors[0]?.__typename, errors[0]?.field], ['InvalidInputError', 'quantity'])
  }
  const mixed = await shop.addToCart('ben', { cartId, variantId: product!.variants.edges[0]!.node.id })
  assert.equal(mixed.errors[0]?.field, 'variantId')
  for (const variantId of [randomUUID(), 'x', '']) {
    assert.equal((await shop.addToCart('ben', { cartId, variantId })).errors[0]?.__typename, 'NotFoundError')
    assert.equal((await shop.addToCart('ben', { variantId })).errors[0]?.__typename, 'NotFoundError')
  }
})

test("keeps carts and orders their customers' own, within a tenant too", async () => {
  const [id] = (await shop.stocked('ada', 9)) as [string]
  const cartId = await shop.cartWith('ben', [id, 1])
  assert.equal(
    (await shop.addToCart('ada', { cartId, variantId: id })).errors[0]?.__typename,
    'NotFoundError',
  )
  assert.equal((await shop.placeOrder('ada', cartId)).errors[0]?.__typename, 'NotFoundError')
  assert.deepEqual(await shop.as('ada', 'query ($id: ID) { cart(id: $id) { id } }', { id: cartId }), {
    cart: null,
  })

  const { order } = await shop.placeOrder('ada', await shop.cartWith('ada', [id, 1]))
  const read = 'query ($id: ID!) { order(id: $id) { id } }'
  assert.deepEqual(await shop.as('ben', read, { id: order!.id }), { order: null })
  assert.equal((await shop.cancelOrder('ben', order!.id)).errors[0]?.__typename, 'NotFoundError')
  const { errors } = await sendGraphQL(server.url, '{ orders(ofEverybody: true) { totalCount } }', {
    token: server.user('ben').token,
  })
  assert.equal(errors[0]?.extensions?.code, 'FORBIDDEN')
})

test('places an order that reserves its stock, and gives the same one for the same key', async () => {
  const [a, b] = (await shop.stocked('ada', 5, 1)) as [string, string]
  const cartId = await shop.cartWith('ada', [a, 2], [b, 1])
  const key = randomUUID()
  const { order, errors } = await shop.placeOrder('ada', cartId, key)
  assert.deepEqual(errors, [])
  assert.deepEqual(
    { ...order, id: '' },
    {
      id: '',
      status: 'PLACED',
      itemCount: 3,
      total: { amountMinor: 3_750, currency: 'EUR', decimal: '37.50' },
    },
  )
  assert.deepEqual(await shop.stockOf('ada', cartId), [
    { total: 5, reserved: 2, available: 3 },
    { total: 1, reserved: 1, available: 0 },
  ])
  assert.deepEqual(await shop.placeOrder('ada', cartId, key), { order, errors: [] })
  const otherKey = await shop.placeOrder('ada', cartId, randomUUID())
  assert.deepEqual([otherKey.order, otherKey.errors[0]?.__typename], [null, 'WrongStateError'])
  const otherCart = await shop.placeOrder('ada', await shop.cartWith('ada', [a, 1]), key)
  assert.deepEqual([otherCart.order, otherCart.errors[0]?.__typename], [null, 'IdempotencyKeyReusedError'])
  const otherTotal = await shop.placeOrder('ada', cartId, key, { expectedTotalMinor: 1 })
  assert.equal(otherTotal.errors[0]?.__typename, 'IdempotencyKeyReusedError')
  // The key is the customer's own: another may happen to choose the same.
  assert.deepEqual((await shop.placeOrder('ben', await shop.cartWith('ben', [a, 1]), key)).errors, [])
  const changed = await shop.addToCart('ada', { cartId, variantId: a })
  assert.equal(changed.errors[0]?.__typename, 'WrongStateError')
})

test('names every variant of which there is too little, and takes nothing of the others', async () => {
  const ids = (await shop.stocked('ada', 5, 5, 5)) as [string, string, string]
  const cartId = await shop.cartWith('ben', [ids[0], 1], [ids[1], 5], [ids[2], 4])
  await shop.placeOrder('ada', await shop.cartWith('ada', [ids[1], 1], [ids[2], 2]))
  const { order, errors } = await shop.placeOrder('ben', cartId)
  assert.equal(order, null)
  assert.deepEqual(
    new Map(errors.map((error) => [error.variant?.id, [error.requested, error.available]])),
    new Map([
      [ids[1], [5, 4]],
      [ids[2], [4, 3]],
    ]),
  )
  const { cart } = await shop.as<{
    cart: { items: { edges: { node: { variant: { available: number } } }[] } }
  }>('ben', 'query ($id: ID) { cart(id: $id) { items { edges { node { variant { available } } } } } }', {
    id: cartId,
  })
  assert.deepEqual(
    cart.items.edges.map(({ node }) => node.variant.available),
    [5, 4, 3],
  )
})

test('orders nothing at another price than the customer was shown', async () => {
  const [id] = (await shop.stocked('ada', 5)) as [string]
  const cartId = await shop.cartWith('ben', [id, 2])
  const { order, errors } = await shop.placeOrder('ben', cartId, randomUUID(), { expectedTotalMinor: 2_499 })
  assert.equal(order, null)
  assert.deepEqual([errors[0]?.__typename, errors[0]?.total?.amountMinor], ['PriceChangedError', 2_500])
  const right = await shop.placeOrder('ben', cartId, randomUUID(), { expectedTotalMinor: 2_500 })
  assert.deepEqual(right.errors, [])
})

test('orders no empty cart, and takes no key that is none', async () => {
  const [id] = (await shop.stocked('ada', 5)) as [string]
  const cartId = await shop.cartWith('ben', [id, 1])
  for (const key of ['', 'x'.repeat(101), 'nul\0']) {
    const { errors } = await shop.placeOrder('ben', cartId, key)
    assert.deepEqual([errors[0]?.__typename, errors[0]?.field], ['InvalidInputError', 'idempotencyKey'])
  }
  await shop.removeFromCart('ben', { cartId, variantId: id })
  assert.equal((await shop.placeOrder('ben', cartId)).errors[0]?.__typename, 'WrongStateError')
})

test('gives stock back when an order is cancelled, once', async () => {
  const [id] = (await shop.stocked('ada', 5)) as [string]
  const cartId = await shop.cartWith('ada', [id, 4])
  const { order } = await shop.placeOrder('ada', cartId)
  for (const _again of [1, 2]) {
    const cancelled = await shop.cancelOrder('ada', order!.id)
    assert.deepEqual([cancelled.order?.status, cancelled.errors], ['CANCELLED', []])
    assert.deepEqual(await shop.stockOf('ada', cartId), [{ total: 5, reserved: 0, available: 5 }])
  }
  assert.equal((await shop.markOrderPaid('ada', order!.id)).errors[0]?.__typename, 'WrongStateError')
})

test('marks orders as paid, once, after which the shop alone cancels them', async () => {
  const [id] = (await shop.stocked('ada', 5)) as [string]
  const { order } = await shop.placeOrder('ben', await shop.cartWith('ben', [id, 1]))
  assert.equal((await shop.markOrderPaid('ben', order!.id)).errors[0]?.__typename, 'ForbiddenError')
  assert.equal((await shop.markOrderPaid('ada', order!.id, '')).errors[0]?.field, 'reference')
  const paid = await shop.markOrderPaid('ada', order!.id)
  assert.equal(paid.order?.status, 'PAID')
  assert.deepEqual(await shop.markOrderPaid('ada', order!.id, 'another'), paid)
  assert.equal((await shop.cancelOrder('ben', order!.id)).errors[0]?.__typename, 'WrongStateError')
  assert.equal((await shop.cancelOrder('ada', order!.id)).order?.status, 'CANCELLED')
})

test('adjusts stock, but not below what belongs to orders', async () => {
  const [id] = (await shop.stocked('ada', 5)) as [string]
  await shop.placeOrder('ben', await shop.cartWith('ben', [id, 4]))
  const { variant: more } = await shop.adjustStock('ada', { variantId: id, by: 2, reason: 'delivery' })
  assert.deepEqual(more?.stock, { total: 7, reserved: 4, available: 3 })
  for (const by of [-4, 0, 1_000_001]) {
    assert.equal((await shop.adjustStock('ada', { variantId: id, by })).errors[0]?.field, 'by')
  }
  const { variant: less } = await shop.adjustStock('ada', { variantId: id, by: -3 })
  assert.deepEqual(less?.stock, { total: 4, reserved: 4, available: 0 })
})

test('pages through the history of orders, and through the items of each', async () => {
  const [a, b, c] = (await shop.stocked('chloe', 50, 50, 50)) as [string, string, string]
  const placed: string[] = []
  for (let count = 0; count < 5; count += 1) {
    const { order } = await shop.placeOrder('dev', await shop.cartWith('dev', [a, 1], [b, 2], [c, 3]))
    placed.unshift(order!.id)
  }
  interface Data {
    orders: {
      totalCount: number
      edges: { node: { id: string; items: { edges: { cursor: string; node: { quantity: number } }[] } } }[]
      pageInfo: { hasNextPage: boolean; endCursor: string }
    }
  }
  const query = `query ($after: String, $item: String) { orders(first: 2, after: $after) { totalCount
    edges { node { id items(first: 2, after: $item) { edges { cursor node { quantity } } } } }
    pageInfo { hasNextPage endCursor } } }`
  const seen: string[] = []
  let after: string | undefined
  do {
    const { orders } = await shop.as<Data>('dev', query, { after })
    seen.push(...orders.edges.map(({ node }) => node.id))
    assert.equal(orders.totalCount, 5)
    for (const { node } of orders.edges) {
      assert.deepEqual(
        node.items.edges.map((edge) => edge.node.quantity),
        [1, 2],
      )
      const item = node.items.edges[1]!.cursor
      const { orders: again } = await shop.as<Data>('dev', query, { after, item })
      assert.deepEqual(
        again.edges.map((edge) => edge.node.items.edges.map((inner) => inner.node.quantity)),
        orders.edges.map(() => [3]),
      )
    }
    after = orders.pageInfo.hasNextPage ? orders.pageInfo.endCursor : undefined
  } while (after !== undefined)
  assert.deepEqual(seen, placed)
})

test('names the argument of a list of the shop that cannot be answered', async () => {
  const [id] = (await shop.stocked('ada', 1)) as [string]
  await shop.cartWith('ada', [id, 1])
  const wrong = [
    ['{ products(first: 0) { totalCount } }', 'first'],
    ['{ products(first: 101) { totalCount } }', 'first'],
    ['{ orders(after: "nonsense") { totalCount } }', 'after'],
    // A cursor of another list.
    [
      `{ orders(after: "${Buffer.from(`product:${randomUUID()}`).toString('base64url')}") { totalCount } }`,
      'after',
    ],
    ['{ products(first: 1) { edges { node { variants(first: 101) { edges { cursor } } } } } }', 'first'],
    ['{ cart { items(after: "x") { edges { cursor } } } }', 'after'],
  ] as const
  for (const [query, field] of wrong) {
    const { errors } = await sendGraphQL(server.url, query, { token: server.user('ada').token })
    assert.equal(errors[0]?.extensions?.code, 'BAD_USER_INPUT', query)
    assert.deepEqual(errors[0]?.extensions?.fields, [field])
  }
})

test('refuses lists within lists that multiply to too much', async () => {
  const query = `{ products(first: 100) { edges { node { variants(first: 50) { edges { node { id } } } } } } }`
  const { errors } = await sendGraphQL(server.url, query, { token: server.user('ada').token })
  assert.equal(errors[0]?.extensions?.limit, 'cost')
})

test('runs the queries of the README against the demo, in their order', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const [section] = readme.split('## The shop\n')[1]!.split('\n## ')
  const [, document] = /```graphql\n(.*?)```/s.exec(section!)!
  const [browse, fill, order, history] = document!.split(/\n\n/)
  const { products } = await shop.as<{ products: { edges: { node: { title: string } }[] } }>('ben', browse!)
  assert.ok(products.edges.length > 0)
  const { addToCart } = await shop.as<{ addToCart: { cart: { id: string }; errors: unknown[] } }>(
    'ben',
    fill!,
  )
  assert.deepEqual(addToCart.errors, [])
  const { placeOrder } = await shop.as<{ placeOrder: { order: { id: string }; errors: unknown[] } }>(
    'ben',
    order!.replace('…', addToCart.cart.id),
  )
  assert.deepEqual(placeOrder.errors, [])
  const { orders } = await shop.as<{ orders: { edges: { node: { id: string } }[] } }>('ben', history!)
  assert.equal(orders.edges[0]?.node.id, placeOrder.order.id)
})

test('has a demo in which some is there and some is out of stock', async () => {
  const query = `{ products(first: 100) { edges { node { variants { edges { node { sku available } } } } } } }`
  interface Data {
    products: {
      edges: { node: { variants: { edges: { node: { sku: string; available: number } }[] } } }[]
    }
  }
  for (const [user, empty] of [
    ['ada', 'MAGNET'],
    ['chloe', 'WEATHER-L'],
  ] as const) {
    const { products } = await shop.as<Data>(user, query)
    const all = products.edges.flatMap(({ node }) => node.variants.edges.map((edge) => edge.node))
    assert.equal(all.find(({ sku }) => sku === empty)?.available, 0)
    assert.ok(all.some(({ available }) => available > 100))
  }
})
