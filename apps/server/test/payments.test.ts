/** Orders and the payment provider, over HTTP: what it is asked, and what becomes of an order by its answer, or without one. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { orderPlaced } from '../src/commerce/commerce-events.ts'
import { demoVerdict } from '../src/demo/demo-payments.ts'
import { draftEvent } from '../src/events/envelope.ts'
import { commerceOf } from './support/commerce-client.ts'
import { type PaymentAnswer, type PaymentProvider, startPaymentProvider } from './support/payment-provider.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

const SECRET = 'the secret of this shop'

let provider: PaymentProvider
let server: TestServer
let shop: ReturnType<typeof commerceOf>

before(async () => {
  provider = await startPaymentProvider()
  server = await startTestServer({ payments: { url: `${provider.url}/{tenant}/v1/`, secret: SECRET } })
  shop = commerceOf(server)
})
after(async () => {
  await server.stop()
  provider.close()
})

interface PlacedOrder {
  readonly id: string
  readonly variant: string
}

/** Two pieces at 12.50 of the five that there are. */
async function order(): Promise<PlacedOrder> {
  const [variant] = (await shop.stocked('ada', 5)) as [string]
  const cartId = await shop.cartWith('ben', [variant, 2])
  const { order } = await shop.placeOrder('ben', cartId)
  return { id: order!.id, variant }
}

async function stateOf(id: string) {
  const { order } = await shop.as<{ order: { status: string; declineReason: string | null } }>(
    'ben',
    'query ($id: ID!) { order(id: $id) { status declineReason } }',
    { id },
  )
  return order
}

function stockOf(variant: string) {
  return server.owner
    .selectFrom('variant_stock')
    .select(['total', 'reserved'])
    .where('variant_id', '=', variant)
    .executeTakeFirst()
}

/** What was told about the order, in its order. */
async function eventsOf(id: string): Promise<string[]> {
  const rows = await server.owner
    .selectFrom('outbox')
    .select('type')
    .where('key', 'like', `%${id}`)
    .orderBy('position')
    .execute()
  return rows.map(({ type }) => type)
}

const askedAbout = (id: string) => provider.asked.filter(({ body }) => body.order === id)

/** Settled counts what nobody tried yet; this waits for what is tried again as well. */
async function until(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) await setTimeout(20)
}

test('has an order paid by the provider, in the name of its shop and by a key of the order', async () => {
  const { id } = await order()
  await server.events.settled()
  const [asked, ...more] = askedAbout(id)
  assert.deepEqual(more, [])
  assert.equal(asked!.path, '/acme/v1/authorisations')
  assert.equal(asked!.headers['idempotency-key'], `authorise-${id}`)
  assert.equal(asked!.headers.authorization, `Bearer ${SECRET}`)
  assert.deepEqual(asked!.body, {
    merchant: 'acme',
    order: id,
    customer: 'ben',
    amountMinor: 2_500,
    currency: 'EUR',
  })
  assert.deepEqual(await stateOf(id), { status: 'PAID', declineReason: null })
  assert.deepEqual(await eventsOf(id), ['commerce.order.placed', 'commerce.order.paid'])
})

test('ends an order that the provider declines, and sells its stock to others', async () => {
  provider.answers.push(() => ({ status: 'declined', reason: 'the card has expired' }))
  const { id, variant } = await order()
  await server.events.settled()
  assert.deepEqual(await stateOf(id), { status: 'DECLINED', declineReason: 'the card has expired' })
  assert.deepEqual(await stockOf(variant), { total: 5, reserved: 0 })
  assert.deepEqual(await eventsOf(id), ['commerce.order.placed', 'commerce.order.declined'])
  assert.equal((await shop.markOrderPaid('ada', id)).errors[0]?.__typename, 'WrongStateError')
  assert.equal((await shop.cancelOrder('ben', id)).errors[0]?.__typename, 'WrongStateError')
  assert.deepEqual(await stockOf(variant), { total: 5, reserved: 0 })
})

const NO_VERDICTS: Readonly<Record<string, PaymentAnswer>> = {
  'an error': (_asked, response) => response.writeHead(503).end(),
  'a redirect': (_asked, response) => response.writeHead(307, { location: '/elsewhere' }).end(),
  'a page': () => '<html>',
  'no reference': () => ({ status: 'authorised' }),
  'a status of its own': () => ({ status: 'pending', reference: 'x' }),
  'too much': () => ({ status: 'authorised', reference: 'x', more: 'x'.repeat(20_000) }),
  'a reference with NUL': () => ({ status: 'authorised', reference: 'x\0' }),
  'a broken connection': (_asked, response) => response.destroy(),
}

test('takes nothing for a verdict that is none, and asks again by the same key', async () => {
  provider.answers.push(...Object.values(NO_VERDICTS))
  const placed = []
  for (const _answer of Object.keys(NO_VERDICTS)) placed.push(await order())
  // Each has got one of the answers, and the next attempt another one or a verdict.
  for (const { id } of placed) await until(async () => (await stateOf(id)).status === 'PAID')
  const all = placed.flatMap(({ id }) => askedAbout(id))
  assert.equal(all.length, 2 * placed.length)
  for (const { body, headers } of all) assert.equal(headers['idempotency-key'], `authorise-${body.order}`)
  for (const { id } of placed) {
    assert.deepEqual(await eventsOf(id), ['commerce.order.placed', 'commerce.order.paid'])
  }
  const failures = server.lines.filter(({ handler }) => handler === 'payment')
  assert.equal(failures.length, placed.length)
  assert.equal(JSON.stringify(server.lines).includes(SECRET), false)
})

test('releases what was authorised for an order that was cancelled meanwhile', async () => {
  const reached = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  provider.answers.push(async ({ body }) => {
    reached.resolve()
    await answer.promise
    return { status: 'authorised', reference: `pay-${body.order}` }
  })
  const { id } = await order()
  await reached.promise
  assert.equal((await shop.cancelOrder('ben', id)).order?.status, 'CANCELLED')
  answer.resolve()
  await server.events.settled()
  assert.equal((await stateOf(id)).status, 'CANCELLED')
  assert.deepEqual(await eventsOf(id), [
    'commerce.order.placed',
    'commerce.order.cancelled',
    'commerce.payment.superseded',
  ])
  // Once for each reason to, each by a key of its own: the later one is what finds something to release.
  const releases = askedAbout(id).filter(({ path }) => path === '/acme/v1/releases')
  assert.equal(releases.length, 2)
  assert.equal(new Set(releases.map(({ headers }) => headers['idempotency-key'])).size, 2)
})

test('releases the payment of an order that the shop was paid for another way', async () => {
  const reached = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  provider.answers.push(async ({ body }) => {
    reached.resolve()
    await answer.promise
    return { status: 'authorised', reference: `pay-${body.order}` }
  })
  const { id } = await order()
  await reached.promise
  assert.equal((await shop.markOrderPaid('ada', id, 'cash')).order?.status, 'PAID')
  answer.resolve()
  await server.events.settled()
  assert.equal((await stateOf(id)).status, 'PAID')
  assert.deepEqual(
    askedAbout(id).map(({ path, body }) => [path, body.order]),
    [
      ['/acme/v1/authorisations', id],
      ['/acme/v1/releases', id],
    ],
  )
})

test('gives back what was paid when the shop cancels the order', async () => {
  const { id } = await order()
  await server.events.settled()
  assert.equal((await shop.cancelOrder('ada', id)).order?.status, 'CANCELLED')
  await server.events.settled()
  assert.deepEqual(askedAbout(id).at(-1)?.path, '/acme/v1/releases')
})

test("changes no other tenant's order, whatever an event names", async () => {
  const { id } = await order()
  await server.events.settled()
  const before = await stateOf(id)
  provider.answers.push(() => ({ status: 'declined', reason: 'forged' }))
  const data = { orderId: id, customerId: 'chloe', currency: 'EUR', totalMinor: 1, items: [], placedAt: '' }
  for (const _verdict of ['declined', 'authorised']) {
    const event = draftEvent(orderPlaced, { tenantId: 'globex', userId: 'chloe' }, id, data)
    await server.tenants.transact('globex', 'test', async ({ emit }) => emit(event))
    await server.events.settled()
  }
  assert.deepEqual(await stateOf(id), before)
  const asked = askedAbout(id).slice(1)
  // What was authorised for an order that globex does not have is given back, in its own name.
  assert.deepEqual(
    asked.map(({ path, body }) => [path, body.merchant]),
    [
      ['/globex/v1/authorisations', 'globex'],
      ['/globex/v1/authorisations', 'globex'],
      ['/globex/v1/releases', 'globex'],
    ],
  )
})

test('counts verdicts for the metrics', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const count = (operation: string, outcome: string) =>
    Number(
      new RegExp(
        `rustok_commerce_operations_total\\{operation="${operation}",outcome="${outcome}"\\} (\\d+)`,
      ).exec(text)?.[1],
    )
  assert.equal(count('authorisePayment', 'declined'), 2)
  assert.equal(count('authorisePayment', 'error'), Object.keys(NO_VERDICTS).length)
  assert.equal(count('releasePayment', 'ok'), 5)
})

test('has a demo provider that declines some orders and answers some late, always the same ones', () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => `order-${index}`)
  const verdicts = ids.map(demoVerdict)
  assert.deepEqual(ids.map(demoVerdict), verdicts)
  const share = (of: (verdict: (typeof verdicts)[number]) => boolean) =>
    verdicts.filter(of).length / ids.length
  const declined = share(({ verdict }) => verdict.status === 'declined')
  const slow = share(({ delayMs }) => delayMs >= 300)
  const failing = share(({ failsOnce }) => failsOnce)
  assert.ok(declined > 0.03 && declined < 0.07, String(declined))
  assert.ok(slow > 0.05 && slow < 0.11, String(slow))
  assert.ok(failing > 0.015 && failing < 0.05, String(failing))
})
