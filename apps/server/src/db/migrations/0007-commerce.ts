/**
 * The shop of a tenant: products and their variants, stock, carts, orders. Stock has a row of its own beside each variant, so that orders,
 * which lock it, do not wait for edits of names and prices, nor the other way round.
 */
import { type Kysely, sql } from 'kysely'
import { isolateByTenant } from '../row-level-security.ts'

type Db = Kysely<unknown>

/** Amounts fit into a double exactly, as JavaScript and JSON have no other number. */
const AMOUNT = sql`between 0 and 9007199254740991`

export async function up(db: Db): Promise<void> {
  await products(db)
  await carts(db)
  await orders(db)
}

async function products(db: Db): Promise<void> {
  await db.schema
    .createTable('products')
    .addColumn('tenant_id', 'text', (column) => column.notNull().references('tenants.id').onDelete('cascade'))
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) =>
      column.notNull().defaultTo('active').check(sql`status in ('active', 'archived')`),
    )
    .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('updated_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('products_pkey', ['tenant_id', 'id'])
    .execute()
  await db.schema
    .createIndex('products_by_status')
    .on('products')
    .columns(['tenant_id', 'status', 'id'])
    .execute()

  await db.schema
    .createTable('product_variants')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('product_id', 'uuid', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('sku', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('price_minor', 'bigint', (column) => column.notNull().check(sql`price_minor ${AMOUNT}`))
    .addColumn('currency', 'text', (column) => column.notNull().check(sql`currency ~ '^[A-Z]{3}$'`))
    .addPrimaryKeyConstraint('product_variants_pkey', ['tenant_id', 'id'])
    .addUniqueConstraint('product_variants_in_order', ['tenant_id', 'product_id', 'position'])
    .addUniqueConstraint('product_variants_by_sku', ['tenant_id', 'sku'])
    .addForeignKeyConstraint(
      'product_variants_product_fkey',
      ['tenant_id', 'product_id'],
      'products',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()

  await db.schema
    .createTable('variant_stock')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('variant_id', 'uuid', (column) => column.notNull())
    .addColumn('total', 'integer', (column) => column.notNull().check(sql`total >= 0`))
    .addColumn('reserved', 'integer', (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('variant_stock_pkey', ['tenant_id', 'variant_id'])
    .addForeignKeyConstraint(
      'variant_stock_variant_fkey',
      ['tenant_id', 'variant_id'],
      'product_variants',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    // Whatever the code does: nothing is sold that is not there.
    .addCheckConstraint('variant_stock_not_oversold', sql`reserved between 0 and total`)
    .execute()
  for (const table of ['products', 'product_variants', 'variant_stock']) await isolateByTenant(db, table)
}

async function carts(db: Db): Promise<void> {
  await db.schema
    .createTable('carts')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('customer_id', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) =>
      column.notNull().defaultTo('open').check(sql`status in ('open', 'ordered')`),
    )
    .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('updated_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('carts_pkey', ['tenant_id', 'id'])
    .addForeignKeyConstraint('carts_customer_fkey', ['tenant_id', 'customer_id'], 'users', [
      'tenant_id',
      'id',
    ])
    .execute()
  await db.schema
    .createIndex('carts_by_customer')
    .on('carts')
    .columns(['tenant_id', 'customer_id', 'status', 'id'])
    .execute()

  await db.schema
    .createTable('cart_items')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('cart_id', 'uuid', (column) => column.notNull())
    .addColumn('variant_id', 'uuid', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('quantity', 'integer', (column) => column.notNull().check(sql`quantity > 0`))
    .addPrimaryKeyConstraint('cart_items_pkey', ['tenant_id', 'cart_id', 'variant_id'])
    .addUniqueConstraint('cart_items_in_order', ['tenant_id', 'cart_id', 'position'])
    .addForeignKeyConstraint(
      'cart_items_cart_fkey',
      ['tenant_id', 'cart_id'],
      'carts',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .addForeignKeyConstraint('cart_items_variant_fkey', ['tenant_id', 'variant_id'], 'product_variants', [
      'tenant_id',
      'id',
    ])
    .execute()
  for (const table of ['carts', 'cart_items']) await isolateByTenant(db, table)
}

async function orders(db: Db): Promise<void> {
  await db.schema
    .createTable('orders')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('id', 'uuid', (column) => column.notNull())
    .addColumn('customer_id', 'text', (column) => column.notNull())
    .addColumn('cart_id', 'uuid', (column) => column.notNull())
    .addColumn('status', 'text', (column) =>
      column.notNull().defaultTo('placed').check(sql`status in ('placed', 'paid', 'cancelled')`),
    )
    .addColumn('currency', 'text', (column) => column.notNull())
    .addColumn('total_minor', 'bigint', (column) => column.notNull().check(sql`total_minor ${AMOUNT}`))
    .addColumn('item_count', 'integer', (column) => column.notNull())
    .addColumn('idempotency_key', 'text', (column) => column.notNull())
    .addColumn('request_hash', 'text', (column) => column.notNull())
    .addColumn('payment_reference', 'text')
    .addColumn('placed_at', 'timestamptz', (column) => column.notNull())
    .addColumn('paid_at', 'timestamptz')
    .addColumn('cancelled_at', 'timestamptz')
    .addPrimaryKeyConstraint('orders_pkey', ['tenant_id', 'id'])
    .addUniqueConstraint('orders_by_key', ['tenant_id', 'customer_id', 'idempotency_key'])
    .addUniqueConstraint('orders_by_cart', ['tenant_id', 'cart_id'])
    .addForeignKeyConstraint('orders_customer_fkey', ['tenant_id', 'customer_id'], 'users', [
      'tenant_id',
      'id',
    ])
    .addForeignKeyConstraint('orders_cart_fkey', ['tenant_id', 'cart_id'], 'carts', ['tenant_id', 'id'])
    .execute()
  await db.schema
    .createIndex('orders_by_customer')
    .on('orders')
    .columns(['tenant_id', 'customer_id', 'id'])
    .execute()
  await db.schema
    .createIndex('orders_by_status')
    .on('orders')
    .columns(['tenant_id', 'status', 'id'])
    .execute()

  // What was sold, as it was called and priced then.
  await db.schema
    .createTable('order_items')
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('order_id', 'uuid', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('variant_id', 'uuid', (column) => column.notNull())
    .addColumn('sku', 'text', (column) => column.notNull())
    .addColumn('title', 'text', (column) => column.notNull())
    .addColumn('unit_minor', 'bigint', (column) => column.notNull())
    .addColumn('quantity', 'integer', (column) => column.notNull().check(sql`quantity > 0`))
    .addPrimaryKeyConstraint('order_items_pkey', ['tenant_id', 'order_id', 'position'])
    .addForeignKeyConstraint(
      'order_items_order_fkey',
      ['tenant_id', 'order_id'],
      'orders',
      ['tenant_id', 'id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .addForeignKeyConstraint('order_items_variant_fkey', ['tenant_id', 'variant_id'], 'product_variants', [
      'tenant_id',
      'id',
    ])
    .execute()
  for (const table of ['orders', 'order_items']) await isolateByTenant(db, table)
}

export async function down(db: Db): Promise<void> {
  const tables = [
    'order_items',
    'orders',
    'cart_items',
    'carts',
    'variant_stock',
    'product_variants',
    'products',
  ]
  for (const table of tables) await db.schema.dropTable(table).execute()
}
