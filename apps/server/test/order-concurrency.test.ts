/** Many buyers at once on a real PostgreSQL, where transactions really meet: nothing is sold twice, nobody waits in a circle. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { commerceOf, type OrderPayload } from './support/commerce-client.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { startTestServer, type TestServer } from './support/test-server.ts'

let postgres: Postgres
let superuser: pg.Client
let server: TestServer
let shop: ReturnType<typeof commerceOf>

before(async () => {
  postgres = await startPostgres()
  const { url: databaseUrl, ownerUrl: databaseOwnerUrl, superuserUrl } = await postgres.database()
  server = await startTestServer({ databaseUrl, databaseOwnerUrl, databasePoolSize: 20 })
  superuser = new pg.Client({ connectionString: superuserUrl })
  await superuser.connect()
  shop = commerceOf(server)
})
after(async () => {
  await superuser.end()
  await server.stop()
  await postgres.stop()
})

/** How each ended: the state of the order, or the type of the error. */
function tally(payloads: readonly OrderPayload[]): Record<string, number> {
  const ends = payloads.map(({ order, errors }) => order?.status ?? errors[0]!.__typename)
  return Object.fromEntries([...Map.groupBy(ends, (end) => end)].map(([end, all]) => [end, all.length]))
}

async function stock(variantId: string): Promise<{ total: number; reserved: number }> {
  const { rows } = await superuser.query('select total, reserved from variant_stock where variant_id = $1', [
    variantId,
  ])
  return rows[0]
}

/** Retried transactions would hide them from everything but the database's own count. */
async function deadlocks(): Promise<number> {
  await superuser.query('select pg_stat_force_next_flush()')
  const { rows } = await superuser.query(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  )
  return rows[0].deadlocks
}

test('sells ten pieces to fifty buyers ten times', async () => {
  const [variantId] = (await shop.stocked('ada', 10)) as [string]
  const carts = await Promise.all(Array.from({ length: 50 }, () => shop.cartWith('ben', [variantId, 1])))
  const placed = await Promise.all(carts.map((cartId) => shop.placeOrder('ben', cartId)))
  assert.deepEqual(tally(placed), { PLACED: 10, OutOfStockError: 40 })
  assert.deepEqual(await stock(variantId), { total: 10, reserved: 10 })
  const { rows } = await superuser.query(
    'select sum(quantity)::int as sold from order_items where variant_id = $1',
    [variantId],
  )
  assert.equal(rows[0].sold, 10)
})

test('lets carts with the same variants in opposite order wait, never for one another', async () => {
  const ids = await shop.stocked('ada', 1_000, 1_000, 1_000, 1_000)
  const items = ids.map((id) => [id, 1] as const)
  const carts = await Promise.all(
    Array.from({ length: 24 }, (_, index) =>
      shop.cartWith('ben', ...(index % 2 === 0 ? items : items.toReversed())),
    ),
  )
  const before = await deadlocks()
  const placed = await Promise.all(carts.map((cartId) => shop.placeOrder('ben', cartId)))
  assert.deepEqual(tally(placed), { PLACED: 24 })
  // Those who give back meet those who take.
  const more = await Promise.all(
    Array.from({ length: 12 }, () => shop.cartWith('ben', ...items.toReversed())),
  )
  const [cancelled, again] = await Promise.all([
    Promise.all(placed.slice(0, 12).map(({ order }) => shop.cancelOrder('ben', order!.id))),
    Promise.all(more.map((cartId) => shop.placeOrder('ben', cartId))),
  ])
  assert.deepEqual([tally(cancelled), tally(again)], [{ CANCELLED: 12 }, { PLACED: 12 }])
  assert.equal((await deadlocks()) - before, 0)
  for (const id of ids) assert.deepEqual(await stock(id), { total: 1_000, reserved: 24 })
})

test('makes one order of the same request sent twenty times at once', async () => {
  const [variantId] = (await shop.stocked('ada', 100)) as [string]
  const cartId = await shop.cartWith('ben', [variantId, 3])
  const key = randomUUID()
  const placed = await Promise.all(Array.from({ length: 20 }, () => shop.placeOrder('ben', cartId, key)))
  assert.deepEqual(tally(placed), { PLACED: 20 })
  assert.equal(new Set(placed.map(({ order }) => order!.id)).size, 1)
  assert.deepEqual(await stock(variantId), { total: 100, reserved: 3 })
  await server.events.settled()
  const { rows } = await superuser.query(
    "select count(*)::int as told from outbox where type = 'commerce.order.placed' and envelope->>'subject' = $1",
    [placed[0]!.order!.id],
  )
  assert.equal(rows[0].told, 1)
})

test('gives a key that two carts use at once to one of them', async () => {
  const [variantId] = (await shop.stocked('ada', 100)) as [string]
  for (let round = 0; round < 5; round += 1) {
    const carts = await Promise.all(Array.from({ length: 4 }, () => shop.cartWith('ben', [variantId, 1])))
    const key = randomUUID()
    const placed = await Promise.all(carts.map((cartId) => shop.placeOrder('ben', cartId, key)))
    assert.deepEqual(tally(placed), { PLACED: 1, IdempotencyKeyReusedError: 3 })
  }
  assert.deepEqual(await stock(variantId), { total: 100, reserved: 5 })
})

test('keeps the sum of what is taken, given back and adjusted at once', async () => {
  const [variantId] = (await shop.stocked('ada', 40)) as [string]
  const place = async () => shop.placeOrder('ben', await shop.cartWith('ben', [variantId, 2]))
  const first = await Promise.all(Array.from({ length: 10 }, place))
  const [cancelled, placed, adjusted] = await Promise.all([
    Promise.all(first.map(({ order }) => shop.cancelOrder('ben', order!.id))),
    Promise.all(Array.from({ length: 10 }, place)),
    Promise.all(Array.from({ length: 10 }, () => shop.adjustStock('ada', { variantId, by: -1 }))),
  ])
  assert.deepEqual([tally(cancelled), tally(placed)], [{ CANCELLED: 10 }, { PLACED: 10 }])
  const went = adjusted.filter(({ errors }) => errors.length === 0).length
  assert.deepEqual(await stock(variantId), { total: 40 - went, reserved: 20 })
})
