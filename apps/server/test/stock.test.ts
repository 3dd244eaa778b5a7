/** Whatever customers and keepers do, in whatever order: stock is as a naive count has it, and never oversold. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { Money } from '../src/commerce/money.ts'
import type { Order } from '../src/commerce/order.ts'
import { OrderService } from '../src/commerce/order-service.ts'
import { ProductService } from '../src/commerce/product-service.ts'
import { PERMISSIONS, type Permission } from '../src/identity/permissions.ts'
import type { Principal } from '../src/identity/principal.ts'
import { type EventSystem, openEventSystem } from './support/event-system.ts'

const VARIANTS = 3
const ADA: Principal = {
  tenantId: 'acme',
  tenantName: 'Acme',
  userId: 'ada',
  userName: 'Ada',
  role: 'admin',
  permissions: new Set(Object.keys(PERMISSIONS) as Permission[]),
}

let system: EventSystem
let products: ProductService
let orders: OrderService

before(async () => {
  system = await openEventSystem()
  await system.tenants.transact('acme', 'test', async ({ trx }) => {
    const user = { tenant_id: 'acme', id: 'ada', name: 'Ada', role: 'admin' as const }
    await trx.insertInto('users').values(user).execute()
  })
  const observer = { commerceOperation() {} }
  products = new ProductService(system.tenants, observer)
  orders = new OrderService(system.tenants, observer)
})
after(() => system.close())

async function newVariants(stocks: readonly number[]): Promise<string[]> {
  const variants = stocks.map((stock) => ({
    sku: randomUUID(),
    title: 'x',
    price: { amountMinor: 100, currency: 'EUR' },
    stock,
  }))
  const created = await products.createProduct(ADA, { title: 'x', description: '', variants })
  assert.equal(created.refusal, undefined)
  const [page] = (await products.variantsOf(ADA, [created.value.id], { first: 50 })).value!
  return page!.entries.map(({ node }) => node.id)
}

/** Written past the service, which refuses what is not there now: an order must refuse by itself. */
async function cartWith(ids: readonly string[], quantities: readonly number[]): Promise<string> {
  const id = randomUUID()
  await system.tenants.transact('acme', 'test', async ({ trx }) => {
    await trx.insertInto('carts').values({ tenant_id: 'acme', id, customer_id: 'ada' }).execute()
    const items = quantities
      .map((quantity, index) => ({
        tenant_id: 'acme',
        cart_id: id,
        variant_id: ids[index]!,
        position: index,
        quantity,
      }))
      .filter(({ quantity }) => quantity > 0)
    if (items.length > 0) await trx.insertInto('cart_items').values(items).execute()
  })
  return id
}

type Step =
  | { readonly do: 'place'; readonly quantities: readonly number[] }
  | { readonly do: 'cancel' | 'pay' | 'repeat'; readonly nth: number }
  | { readonly do: 'adjust'; readonly variant: number; readonly by: number }

const quantities = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: VARIANTS, maxLength: VARIANTS })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('place' as const), quantities }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('cancel', 'pay', 'repeat'), nth: fc.nat(8) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('adjust' as const),
      variant: fc.nat(VARIANTS - 1),
      by: fc.integer({ min: -6, max: 6 }).filter((by) => by !== 0),
    }),
  },
)

interface Known {
  readonly id: string
  readonly cartId: string
  readonly key: string
  readonly quantities: readonly number[]
  status: Order['status']
}

test('keeps reserved + available = total, and both above zero, after any sequence', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 8 }), { minLength: VARIANTS, maxLength: VARIANTS }),
      fc.array(step, { minLength: 1, maxLength: 14 }),
      async (stocks, steps) => {
        const ids = await newVariants(stocks)
        const total = [...stocks]
        const reserved = stocks.map(() => 0)
        const known: Known[] = []
        for (const one of steps) {
          await take(one, ids, total, reserved, known)
          const found = await products.variantsById(ADA, ids)
          assert.deepEqual(
            found.map((variant) => variant!.stock),
            total.map((count, index) => ({
              total: count,
              reserved: reserved[index]!,
              available: count - reserved[index]!,
            })),
          )
          assert.ok(found.every((variant) => variant!.available >= 0))
        }
      },
    ),
    { numRuns: 15 },
  )
})

/** Does it, and does the same to the count. */
async function take(
  one: Step,
  ids: readonly string[],
  total: number[],
  reserved: number[],
  known: Known[],
): Promise<void> {
  if (one.do === 'adjust') {
    const { variant, by } = one
    const fits = total[variant]! + by >= reserved[variant]!
    const { refusal } = await products.adjustStock(ADA, ids[variant]!, by, '')
    assert.equal(refusal?.kind, fits ? undefined : 'invalid')
    if (fits) total[variant]! += by
    return
  }
  if (one.do === 'place') {
    const cartId = await cartWith(ids, one.quantities)
    const key = randomUUID()
    const empty = one.quantities.every((quantity) => quantity === 0)
    const fits = one.quantities.every((quantity, index) => quantity <= total[index]! - reserved[index]!)
    const placed = await orders.placeOrder(ADA, { cartId, idempotencyKey: key })
    assert.equal(placed.refusal?.kind, empty ? 'wrong_state' : fits ? undefined : 'out_of_stock')
    if (placed.refusal !== undefined) return
    const count = one.quantities.reduce((sum, quantity) => sum + quantity, 0)
    assert.deepEqual(placed.value.total, new Money(count * 100, 'EUR'))
    for (const [index, quantity] of one.quantities.entries()) reserved[index]! += quantity
    known.push({ id: placed.value.id, cartId, key, quantities: one.quantities, status: 'placed' })
    return
  }
  const order = known[one.nth % Math.max(known.length, 1)]
  if (order === undefined) return
  if (one.do === 'repeat') {
    const again = await orders.placeOrder(ADA, { cartId: order.cartId, idempotencyKey: order.key })
    assert.equal(again.value?.id, order.id)
    assert.equal(again.value.status, order.status)
  } else if (one.do === 'pay') {
    const { refusal } = await orders.markOrderPaid(ADA, order.id, 'cash')
    assert.equal(refusal?.kind, order.status === 'cancelled' ? 'wrong_state' : undefined)
    if (order.status === 'placed') order.status = 'paid'
  } else {
    assert.equal((await orders.cancelOrder(ADA, order.id)).value?.status, 'cancelled')
    if (order.status !== 'cancelled') {
      for (const [index, quantity] of order.quantities.entries()) reserved[index]! -= quantity
    }
    order.status = 'cancelled'
  }
}

test('is kept from overselling by the database itself, whatever the code does', async () => {
  const [id] = (await newVariants([3])) as [string]
  for (const reserved of [4, -1]) {
    await assert.rejects(
      system.tenants.transact('acme', 'test', ({ trx }) =>
        trx.updateTable('variant_stock').set({ reserved }).where('variant_id', '=', id).execute(),
      ),
      { code: '23514' },
    )
  }
})

test('writes amounts as people do, in every currency, and brings them back', () => {
  const currencies = fc.constantFrom(...Intl.supportedValuesOf('currency'))
  fc.assert(
    fc.property(fc.maxSafeNat(), currencies, (amount, currency) => {
      const { decimal } = new Money(amount, currency)
      const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
        .maximumFractionDigits!
      assert.match(decimal, digits === 0 ? /^\d+$/ : new RegExp(`^\\d+\\.\\d{${digits}}$`))
      assert.equal(BigInt(decimal.replace('.', '')), BigInt(amount))
      assert.equal(/^0\d/.test(decimal), false)
    }),
  )
})
