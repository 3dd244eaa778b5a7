/** The shop's requests as traces: as many statements for a hundred things as for one, and an order that tells its whole story. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { initTracing, OtelConfig, type Tracing } from '@rustok/telemetry'
import { demoVerdict } from '../src/demo/demo-payments.ts'
import { commerceOf } from './support/commerce-client.ts'
import { sendGraphQL } from './support/graphql-client.ts'
import { drawTree, type SpanReceiver, startSpanReceiver } from './support/span-receiver.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

/** More than any list asks for. */
const COUNT = 110

let receiver: SpanReceiver
let tracing: Tracing
let server: TestServer
let shop: ReturnType<typeof commerceOf>

before(async () => {
  receiver = await startSpanReceiver()
  tracing = await initTracing(new OtelConfig({ endpoint: receiver.endpoint }), { handleSignals: false })
  server = await startTestServer({ payments: 'demo' })
  shop = commerceOf(server)
  await fill()
})
after(async () => {
  await server.stop(() => tracing.shutdown())
  receiver.close()
})

/** Products of two variants each, and an order for each product; written directly, as none of it is what is measured. */
async function fill(): Promise<void> {
  const { owner } = server
  const tenant_id = 'acme'
  const all = Array.from({ length: COUNT }, (_, n) => ({
    n,
    product: randomUUID(),
    variants: [randomUUID(), randomUUID()],
    cart: randomUUID(),
    order: randomUUID(),
  }))
  await owner
    .insertInto('products')
    .values(all.map(({ n, product: id }) => ({ tenant_id, id, title: `Product ${n}`, description: '' })))
    .execute()
  const variants = all.flatMap(({ product, variants: ids }) =>
    ids.map((id, position) => ({ id, product_id: product, position })),
  )
  await owner
    .insertInto('product_variants')
    .values(
      variants.map((one) => ({
        ...one,
        tenant_id,
        sku: one.id,
        title: 'x',
        price_minor: 100,
        currency: 'EUR',
      })),
    )
    .execute()
  await owner
    .insertInto('variant_stock')
    .values(variants.map(({ id }) => ({ tenant_id, variant_id: id, total: 10 })))
    .execute()
  await owner
    .insertInto('carts')
    .values(all.map(({ cart: id }) => ({ tenant_id, id, customer_id: 'ada', status: 'ordered' as const })))
    .execute()
  await owner
    .insertInto('orders')
    .values(
      all.map(({ n, order: id, cart: cart_id }) => ({
        tenant_id,
        id,
        cart_id,
        customer_id: n % 2 === 0 ? 'ada' : 'ben',
        currency: 'EUR',
        total_minor: 200,
        item_count: 2,
        idempotency_key: id,
        request_hash: '',
        placed_at: new Date(),
      })),
    )
    .execute()
  await owner
    .insertInto('order_items')
    .values(
      all.flatMap(({ order: order_id, variants: ids }) =>
        ids.map((variant_id, position) => ({
          tenant_id,
          order_id,
          position,
          variant_id,
          sku: variant_id,
          title: 'x',
          unit_minor: 100,
          quantity: 1,
        })),
      ),
    )
    .execute()
}

/** The span that the test names as its own. */
const CLIENT = '00f067aa0ba902b7'

async function traceOf(user: string, query: string, variables: Record<string, unknown> = {}) {
  const traceId = randomUUID().replaceAll('-', '')
  const { data, errors } = await sendGraphQL(server.url, query, {
    token: server.user(user).token,
    variables,
    headers: { traceparent: `00-${traceId}-${CLIENT}-01` },
  })
  assert.deepEqual(errors, [])
  await server.events.settled()
  await tracing.forceFlush()
  // The call that this test makes is traced, too; what it asks for begins below that.
  const spans = receiver.ofTrace(traceId).filter(({ parentSpanId }) => parentSpanId !== CLIENT)
  return { data: data!, spans }
}

const LISTS = {
  products: `query ($first: Int!) { products(first: $first) { totalCount edges { node {
    title variants(first: 2) { edges { node { sku price { decimal } available product { title } } } } } } } }`,
  orders: `query ($first: Int!) { orders(first: $first, ofEverybody: true) { totalCount edges { node {
    total { decimal } customer { name } items(first: 2) { edges { node { title variant { sku product { title } } } } } } } } }`,
} as const

for (const [list, query] of Object.entries(LISTS)) {
  test(`asks the database as often for a hundred ${list}, with all that hangs on them, as for one`, async () => {
    const statements = async (first: number) => {
      const { data, spans } = await traceOf('ada', query, { first })
      assert.equal((data[list] as { edges: unknown[] }).edges.length, first)
      return {
        statements: spans
          .filter(({ kind }) => kind === 'client')
          .map(({ name }) => name)
          .toSorted(),
        spans: spans.length,
      }
    }
    const one = await statements(1)
    assert.ok(one.statements.length >= 4)
    assert.deepEqual(await statements(10), one)
    assert.deepEqual(await statements(100), one)
  })
}

test('says how many a loader asked for at once', async () => {
  const { spans } = await traceOf('ada', LISTS.orders, { first: 50 })
  const sizes = Object.fromEntries(
    spans
      .filter(({ attributes }) => attributes['rustok.batch.size'] !== undefined)
      .map(({ name, attributes }) => [name, Number(attributes['rustok.batch.size'])]),
  )
  assert.deepEqual(sizes, {
    'identity.usersById': 2,
    'commerce.orderItemsOf': 50,
    'commerce.variantsById': 100,
    'commerce.productsById': 50,
  })
})

test('tells the whole story of an order, with its payment, in fewer than 40 spans', async () => {
  const query = `mutation PlaceOrder($input: PlaceOrderInput!) { placeOrder(input: $input) {
    order { id status total { decimal } items { edges { node { title quantity variant { available } } } } }
    errors { message } } }`
  // The demo's provider declines some, and is without an answer for some: their stories come out another way.
  let story: Awaited<ReturnType<typeof traceOf>>
  let verdict: ReturnType<typeof demoVerdict>
  do {
    const [a, b] = (await shop.stocked('ada', 5, 5)) as [string, string]
    const cartId = await shop.cartWith('ben', [a, 1], [b, 2])
    story = await traceOf('ben', query, { input: { cartId, idempotencyKey: randomUUID() } })
    const { placeOrder } = story.data as { placeOrder: { order: { id: string } } }
    verdict = demoVerdict(placeOrder.order.id)
  } while (verdict.failsOnce || verdict.verdict.status === 'declined')
  const { spans } = story
  const tree = drawTree(spans)
  assert.ok(spans.length < 40, tree)
  for (const name of [
    'POST /graphql',
    'mutation PlaceOrder',
    'Mutation.placeOrder',
    'commerce.placeOrder',
    'transaction',
    'SELECT carts',
    'SELECT cart_items',
    'INSERT orders',
    'INSERT order_items',
    'UPDATE variant_stock',
    'UPDATE carts',
    'INSERT outbox',
    'create commerce.order.placed',
    'publish commerce.order.placed',
    'process commerce.order.placed',
    'POST /authorisations',
    'UPDATE orders',
    'create commerce.order.paid',
    'publish commerce.order.paid',
    'commerce.orderItemsOf',
    'commerce.variantsById',
  ]) {
    assert.ok(
      spans.some((span) => span.name === name),
      `${name} is not in\n${tree}`,
    )
  }
  for (const { name, attributes } of spans) {
    assert.deepEqual([attributes.tenant_id, attributes.user_id], ['acme', 'ben'], name)
  }
  // The provider, whose span came over HTTP, knows by whose handling of which event it was called.
  const parentOf = (child: { readonly parentSpanId: string }) =>
    spans.find(({ spanId }) => spanId === child.parentSpanId)
  const provider = spans.find(({ name }) => name === 'POST /authorisations')!
  const call = parentOf(provider)!
  assert.deepEqual([call.kind, call.attributes['http.response.status_code']], ['client', 200n])
  assert.equal(parentOf(call)?.attributes['messaging.consumer.group.name'], 'payment')
})

test('marks what is refused as an outcome, and not as an error', async () => {
  const [a] = (await shop.stocked('ada', 1)) as [string]
  const query = 'mutation ($input: AddToCartInput!) { addToCart(input: $input) { errors { __typename } } }'
  const { spans } = await traceOf('ben', query, { input: { variantId: a, quantity: 2 } })
  const span = spans.find(({ name }) => name === 'commerce.addToCart')
  assert.equal(span?.attributes['rustok.outcome'], 'out_of_stock')
  assert.ok(spans.every(({ status }) => status !== 2))
})

test('counts and times operations by outcome for the metrics', async () => {
  const [a] = (await shop.stocked('ada', 1)) as [string]
  await shop.addToCart('ben', { variantId: a, quantity: 2 })
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const value = (line: RegExp) => Number(line.exec(text)?.[1])
  assert.ok(
    value(/rustok_commerce_operations_total\{operation="addToCart",outcome="out_of_stock"\} (\d+)/) >= 1,
  )
  assert.ok(value(/rustok_commerce_operations_total\{operation="createProduct",outcome="ok"\} (\d+)/) >= 1)
  assert.ok(value(/rustok_commerce_operation_duration_seconds_count\{operation="addToCart"\} (\d+)/) >= 1)
})
