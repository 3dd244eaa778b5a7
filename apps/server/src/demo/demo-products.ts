/** What the demo tenants sell, and putting it into an empty database: `seedDemo` does, for each tenant in its transaction. */
import type { Transaction } from 'kysely'
import type { Database } from '../db/schema.ts'

interface DemoVariant {
  readonly sku: string
  readonly title: string
  /** In the smallest unit of the tenant's currency. */
  readonly price: number
  /** 0 for something to be out of. */
  readonly stock: number
}

interface DemoProduct {
  readonly title: string
  readonly description: string
  readonly variants: readonly DemoVariant[]
}

interface DemoShop {
  readonly currency: string
  /** Oldest first. */
  readonly products: readonly DemoProduct[]
}

const SHOPS: Readonly<Record<string, DemoShop>> = {
  acme: {
    currency: 'USD',
    products: [
      {
        title: 'Anvil',
        description: 'Drop forged. Falls straight.',
        variants: [
          { sku: 'ANVIL-25', title: '25 kg', price: 12_900, stock: 400 },
          { sku: 'ANVIL-50', title: '50 kg', price: 21_900, stock: 120 },
          { sku: 'ANVIL-500', title: '500 kg', price: 149_000, stock: 0 },
        ],
      },
      {
        title: 'Rocket skates',
        description: 'One pair, with a helmet. Recall notice enclosed.',
        variants: [
          { sku: 'SKATES-M', title: 'Size M', price: 34_950, stock: 60 },
          { sku: 'SKATES-L', title: 'Size L', price: 34_950, stock: 5 },
        ],
      },
      {
        title: 'Tunnel paint',
        description: 'Looks like a tunnel from twenty metres on.',
        variants: [
          { sku: 'PAINT-1', title: '1 litre', price: 1_990, stock: 5_000 },
          { sku: 'PAINT-10', title: '10 litres', price: 14_900, stock: 800 },
        ],
      },
      {
        title: 'Giant magnet',
        description: 'Attracts more than was asked for.',
        variants: [{ sku: 'MAGNET', title: 'One size', price: 89_000, stock: 0 }],
      },
    ],
  },
  globex: {
    currency: 'EUR',
    products: [
      {
        title: 'Hammock',
        description: 'From the hammock district.',
        variants: [
          { sku: 'HAMMOCK-1', title: 'For one', price: 7_900, stock: 250 },
          { sku: 'HAMMOCK-2', title: 'For two', price: 10_900, stock: 3 },
        ],
      },
      {
        title: 'Pocket weather machine',
        description: 'Rain, sun, or both at once. Not for use near airports.',
        variants: [
          { sku: 'WEATHER-S', title: 'Drizzle', price: 24_900, stock: 40 },
          { sku: 'WEATHER-L', title: 'Thunderstorm', price: 99_900, stock: 0 },
        ],
      },
      {
        title: 'Volcano parking ticket',
        description: 'Valid for a day, or until the next eruption.',
        variants: [{ sku: 'PARKING', title: 'One day', price: 1_200, stock: 10_000 }],
      },
    ],
  },
}

/** Of tenants that have none of their own. */
const PLAIN_SHOP: DemoShop = {
  currency: 'EUR',
  products: [
    {
      title: 'Mug',
      description: 'Holds what is poured into it.',
      variants: [
        { sku: 'MUG-WHITE', title: 'White', price: 990, stock: 3_000 },
        { sku: 'MUG-BLACK', title: 'Black', price: 1_090, stock: 40 },
      ],
    },
    {
      title: 'Umbrella',
      description: 'Opens by itself, closes by hand.',
      variants: [{ sku: 'UMBRELLA', title: 'One size', price: 2_490, stock: 500 }],
    },
    {
      title: 'Anniversary print',
      description: 'Signed. There will be no second edition.',
      variants: [{ sku: 'PRINT', title: 'Framed', price: 19_900, stock: 0 }],
    },
  ],
}

const FIRST_DAY = Date.UTC(2026, 8, 1, 12)
const DAY = 86_400_000

/** Adds nothing when it was there before: what was sold since stays sold. */
export async function seedProducts(trx: Transaction<Database>, tenantId: string): Promise<void> {
  const { products: shop, currency } = SHOPS[tenantId] ?? PLAIN_SHOP
  const products = shop.map(({ title, description }, index) => {
    const at = new Date(FIRST_DAY + index * DAY)
    const id = demoId('a', index + 1)
    return { tenant_id: tenantId, id, title, description, created_at: at, updated_at: at }
  })
  const variants = shop.flatMap((product, index) =>
    product.variants.map((variant, nth) => ({
      variant,
      row: {
        tenant_id: tenantId,
        id: demoId('b', (index + 1) * 100 + nth + 1),
        product_id: demoId('a', index + 1),
        position: nth + 1,
        sku: variant.sku,
        title: variant.title,
        price_minor: variant.price,
        currency,
      },
    })),
  )
  await trx
    .insertInto('products')
    .values(products)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await trx
    .insertInto('product_variants')
    .values(variants.map(({ row }) => row))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await trx
    .insertInto('variant_stock')
    .values(
      variants.map(({ row, variant }) => ({ tenant_id: tenantId, variant_id: row.id, total: variant.stock })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** A UUID of version 7 that people can type; `b…0102` is the second variant of the first product. */
function demoId(kind: 'a' | 'b', serial: number): string {
  return `01990000-0000-7000-8000-${kind}${String(serial).padStart(11, '0')}`
}
