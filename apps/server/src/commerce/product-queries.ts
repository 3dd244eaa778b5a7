/** The SQL of products, variants and stock. Each takes the tenant and names it in its `where`; called by the services of this folder. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { Database, ProductStatus, ProductTable } from '../db/schema.ts'
import type { PageStart } from '../domain/page.ts'
import { Money } from './money.ts'
import type { Product, Variant } from './product.ts'

type Db = Kysely<Database>
type Trx = Transaction<Database>

function toProduct(row: Selectable<ProductTable>): Product {
  const { id, title, description, status, version } = row
  return { id, title, description, status, version, createdAt: row.created_at, updatedAt: row.updated_at }
}

/** Newest first. */
export async function listProducts(
  db: Db,
  tenantId: string,
  filter: { readonly status?: ProductStatus | undefined },
  { limit, after }: PageStart<string>,
): Promise<Product[]> {
  let query = db.selectFrom('products').selectAll().where('tenant_id', '=', tenantId)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (after !== undefined) query = query.where('id', '<', after)
  return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toProduct)
}

export async function countProducts(
  db: Db,
  tenantId: string,
  filter: { readonly status?: ProductStatus | undefined },
): Promise<number> {
  let query = db
    .selectFrom('products')
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'integer').as('count'))
    .where('tenant_id', '=', tenantId)
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  return (await query.executeTakeFirstOrThrow()).count
}

export async function findProducts(db: Db, tenantId: string, ids: readonly string[]): Promise<Product[]> {
  const rows = await db
    .selectFrom('products')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', ids)
    .execute()
  return rows.map(toProduct)
}

/** Holds the product until the transaction ends: its variants and version change only so. */
export async function findProductForUpdate(
  trx: Trx,
  tenantId: string,
  id: string,
): Promise<Product | undefined> {
  const row = await trx
    .selectFrom('products')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row && toProduct(row)
}

export async function insertProduct(
  trx: Trx,
  tenantId: string,
  product: { readonly id: string; readonly title: string; readonly description: string },
): Promise<Product> {
  const row = await trx
    .insertInto('products')
    .values({ tenant_id: tenantId, ...product })
    .returningAll()
    .executeTakeFirstOrThrow()
  return toProduct(row)
}

/** The next version of it. */
export async function updateProduct(
  trx: Trx,
  tenantId: string,
  id: string,
  change: { readonly title?: string; readonly description?: string; readonly status?: ProductStatus },
): Promise<Product> {
  const row = await trx
    .updateTable('products')
    .set((eb) => ({ ...change, version: eb('version', '+', 1), updated_at: new Date() }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toProduct(row)
}

export interface VariantRow {
  readonly id: string
  readonly position: number
  readonly sku: string
  readonly title: string
  readonly priceMinor: number
  readonly currency: string
  readonly stock: number
}

export async function insertVariants(
  trx: Trx,
  tenantId: string,
  productId: string,
  variants: readonly VariantRow[],
): Promise<void> {
  await trx
    .insertInto('product_variants')
    .values(
      variants.map(({ id, position, sku, title, priceMinor, currency }) => ({
        tenant_id: tenantId,
        product_id: productId,
        id,
        position,
        sku,
        title,
        price_minor: priceMinor,
        currency,
      })),
    )
    .execute()
  await trx
    .insertInto('variant_stock')
    .values(variants.map(({ id, stock }) => ({ tenant_id: tenantId, variant_id: id, total: stock })))
    .execute()
}

/** Behind the last one of the product, which must be locked. */
export async function nextPosition(trx: Trx, tenantId: string, productId: string): Promise<number> {
  const { last } = await trx
    .selectFrom('product_variants')
    .select((eb) => eb.fn.max('position').as('last'))
    .where('tenant_id', '=', tenantId)
    .where('product_id', '=', productId)
    .executeTakeFirstOrThrow()
  return (last ?? 0) + 1
}

export async function updateVariant(
  trx: Trx,
  tenantId: string,
  id: string,
  change: { readonly title?: string; readonly price_minor?: number },
): Promise<void> {
  await trx
    .updateTable('product_variants')
    .set(change)
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .execute()
}

function selectVariants(db: Db, tenantId: string) {
  return db
    .selectFrom('product_variants as v')
    .innerJoin('variant_stock as s', (join) =>
      join.onRef('s.tenant_id', '=', 'v.tenant_id').onRef('s.variant_id', '=', 'v.id'),
    )
    .select(['v.id', 'v.product_id', 'v.position', 'v.sku', 'v.title', 'v.price_minor', 'v.currency'])
    .select(['s.total', 's.reserved'])
    .where('v.tenant_id', '=', tenantId)
}

type SelectedVariant = Awaited<ReturnType<ReturnType<typeof selectVariants>['executeTakeFirstOrThrow']>>

function toVariant(row: SelectedVariant): Variant {
  const { id, position, sku, title, total, reserved } = row
  return {
    id,
    productId: row.product_id,
    position,
    sku,
    title,
    price: new Money(Number(row.price_minor), row.currency),
    available: total - reserved,
    stock: { total, reserved, available: total - reserved },
  }
}

export async function findVariants(db: Db, tenantId: string, ids: readonly string[]): Promise<Variant[]> {
  return (await selectVariants(db, tenantId).where('v.id', 'in', ids).execute()).map(toVariant)
}

/** For each of the products its first ones, or those behind a position; a product has at most a few dozen. */
export async function listVariants(
  db: Db,
  tenantId: string,
  productIds: readonly string[],
  { limit, after }: PageStart<number>,
): Promise<Variant[]> {
  const numbered = selectVariants(db, tenantId)
    .select(sql<number>`row_number() over (partition by v.product_id order by v.position)`.as('nth'))
    .where('v.product_id', 'in', productIds)
    .where('v.position', '>', after ?? -1)
  const rows = await db
    .selectFrom(numbered.as('variants'))
    .selectAll()
    .where('nth', '<=', limit)
    .orderBy('product_id')
    .orderBy('position')
    .execute()
  return rows.map(toVariant)
}

/** The most pieces of one variant. */
export const MAX_STOCK = 1_000_000_000

/** False when fewer would be there than belong to orders, or more than can be; and when there is no such variant. */
export async function changeStock(
  trx: Trx,
  tenantId: string,
  variantId: string,
  by: number,
): Promise<boolean> {
  const changed = await trx
    .updateTable('variant_stock')
    .set((eb) => ({ total: eb('total', '+', by) }))
    .where('tenant_id', '=', tenantId)
    .where('variant_id', '=', variantId)
    .where((eb) => eb.between(eb('total', '+', by), eb.ref('reserved'), eb.val(MAX_STOCK)))
    .returning('variant_id')
    .executeTakeFirst()
  return changed !== undefined
}
