/** What one can do with the products of a tenant: look at them, and with the permission commerce:manage keep them. */
import { randomUUIDv7 } from 'node:crypto'
import type { ProductStatus } from '../db/schema.ts'
import type { TenantDatabase, UnitOfWork } from '../db/tenant-database.ts'
import { Operations } from '../domain/operations.ts'
import { type Page, type PageRequest, startOf, toPage } from '../domain/page.ts'
import {
  FORBIDDEN,
  invalid,
  invalidFields,
  NOT_FOUND,
  type Result,
  versionConflict,
  wrongState,
} from '../domain/result.ts'
import { isUuid } from '../domain/uuid.ts'
import { errorCode } from '../errors.ts'
import { draftEvent } from '../events/envelope.ts'
import { permits } from '../identity/permissions.ts'
import type { Principal } from '../identity/principal.ts'
import { productCreated, productUpdated, stockAdjusted } from './commerce-events.ts'
import type { CommerceObserver, CommerceOperation } from './commerce-observer.ts'
import { type Product, positionCursor, productCursor, type Variant } from './product.ts'
import {
  checkAdjustment,
  checkNewProduct,
  checkNewVariant,
  checkProductChange,
  checkVariantChange,
  MAX_VARIANTS,
  type NewProduct,
  type NewVariant,
  type ProductChange,
  type VariantChange,
} from './product-input.ts'
import {
  changeStock,
  countProducts,
  findProductForUpdate,
  findProducts,
  findVariants,
  insertProduct,
  insertVariants,
  listProducts,
  listVariants,
  MAX_STOCK,
  nextPosition,
  updateProduct,
  updateVariant,
} from './product-queries.ts'

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNIQUE_VIOLATION = '23505'

export class ProductService {
  readonly #database: TenantDatabase
  readonly #operations: Operations<CommerceOperation>

  constructor(database: TenantDatabase, observer: CommerceObserver) {
    this.#database = database
    this.#operations = new Operations('commerce', (...args) => observer.commerceOperation(...args))
  }

  /** Archived ones are for those who keep the shop. */
  products(
    principal: Principal,
    page: PageRequest,
    status: ProductStatus | undefined,
  ): Promise<Result<Page<Product>>> {
    return this.#operations.run('products', async () => {
      const checked = startOf(page, productCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const filter = visible(principal, status)
      if (filter === undefined) return { value: { entries: [], hasNextPage: false } }
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) =>
        listProducts(db, tenantId, filter, checked.start),
      )
      return { value: toPage(found, page.first, productCursor, ({ id }) => id) }
    })
  }

  countProducts(principal: Principal, status: ProductStatus | undefined): Promise<number> {
    return this.#operations.read('countProducts', async () => {
      const filter = visible(principal, status)
      if (filter === undefined) return 0
      const { tenantId } = principal
      return this.#database.read(tenantId, (db) => countProducts(db, tenantId, filter))
    })
  }

  /** In the order of `ids`, undefined where the tenant has no such product. An archived one is found: old orders name it. */
  productsById(principal: Principal, ids: readonly string[]): Promise<(Product | undefined)[]> {
    return this.#operations.batch('productsById', ids.length, async () => {
      const { tenantId } = principal
      const asked = ids.filter(isUuid)
      if (asked.length === 0) return ids.map(() => undefined)
      const found = await this.#database.read(tenantId, (db) => findProducts(db, tenantId, asked))
      const byId = new Map(found.map((product) => [product.id, product]))
      return ids.map((id) => byId.get(id.toLowerCase()))
    })
  }

  variantsById(principal: Principal, ids: readonly string[]): Promise<(Variant | undefined)[]> {
    return this.#operations.batch('variantsById', ids.length, async () => {
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) => findVariants(db, tenantId, ids))
      const byId = new Map(found.map((variant) => [variant.id, variant]))
      return ids.map((id) => byId.get(id))
    })
  }

  /** The same page of each product's variants, in the order of `productIds`. */
  variantsOf(
    principal: Principal,
    productIds: readonly string[],
    page: PageRequest,
  ): Promise<Result<readonly Page<Variant>[]>> {
    return this.#operations.runBatch('variantsOf', productIds.length, async () => {
      const checked = startOf(page, positionCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) =>
        listVariants(db, tenantId, productIds, checked.start),
      )
      const byProduct = Map.groupBy(found, ({ productId }) => productId)
      const value = productIds.map((id) =>
        toPage(byProduct.get(id) ?? [], page.first, positionCursor, ({ position }) => position),
      )
      return { value }
    })
  }

  createProduct(principal: Principal, given: NewProduct): Promise<Result<Product>> {
    return this.#manage('createProduct', principal, async () => {
      const checked = checkNewProduct(given)
      if ('errors' in checked) return invalidFields(checked.errors)
      const { title, description, variants } = checked.input
      const { tenantId } = principal
      const id = randomUUIDv7()
      return this.#withUniqueSkus(variants.length === 1 ? 'variants.0.sku' : 'variants', async () => {
        const value = await this.#transact(principal, 'commerce.createProduct', async ({ trx, emit }) => {
          const product = await insertProduct(trx, tenantId, { id, title, description })
          const rows = variants.map((variant, index) => toRow(variant, index + 1))
          await insertVariants(trx, tenantId, id, rows)
          emit(draftEvent(productCreated, principal, id, { productId: id, title, version: product.version }))
          return product
        })
        return { value }
      })
    })
  }

  updateProduct(
    principal: Principal,
    { id, version }: { readonly id: string; readonly version: number },
    given: ProductChange,
  ): Promise<Result<Product>> {
    return this.#change('updateProduct', principal, id, version, async ({ trx }, product) => {
      const checked = checkProductChange(given)
      if ('errors' in checked) return invalidFields(checked.errors)
      const {
        title = product.title,
        description = product.description,
        status = product.status,
      } = checked.input
      const change = { title, description, status }
      return { value: await updateProduct(trx, principal.tenantId, id, change) }
    })
  }

  addVariant(
    principal: Principal,
    { id, version }: { readonly id: string; readonly version: number },
    given: NewVariant,
  ): Promise<Result<Product>> {
    return this.#change('addVariant', principal, id, version, async ({ trx }) => {
      const checked = checkNewVariant(given)
      if ('errors' in checked) return invalidFields(checked.errors)
      const { tenantId } = principal
      const position = await nextPosition(trx, tenantId, id)
      if (position > MAX_VARIANTS) {
        return wrongState(`The product has ${MAX_VARIANTS} variants, and that is the most`)
      }
      await insertVariants(trx, tenantId, id, [toRow(checked.input, position)])
      return { value: await updateProduct(trx, tenantId, id, {}) }
    })
  }

  /** `version` is the product's. The currency stays: carts have one, and it is that of what lies in them. */
  updateVariant(
    principal: Principal,
    { id, version }: { readonly id: string; readonly version: number },
    given: VariantChange,
  ): Promise<Result<Product>> {
    return this.#manage('updateVariant', principal, async () => {
      const checked = checkVariantChange(given)
      if ('errors' in checked) return invalidFields(checked.errors)
      const { title, price } = checked.input
      if (!isUuid(id)) return NOT_FOUND
      const { tenantId } = principal
      return this.#transact(principal, 'commerce.updateVariant', async (unit): Promise<Result<Product>> => {
        const [variant] = await findVariants(unit.trx, tenantId, [id])
        if (variant === undefined) return NOT_FOUND
        const product = await findProductForUpdate(unit.trx, tenantId, variant.productId)
        if (product === undefined) return NOT_FOUND
        if (product.version !== version) return versionConflict(product.version)
        if (price !== undefined && price.currency !== variant.price.currency) {
          return invalid('price.currency', `price.currency stays ${variant.price.currency}, carts rely on it`)
        }
        await updateVariant(unit.trx, tenantId, id, {
          title: title ?? variant.title,
          price_minor: (price ?? variant.price).amountMinor,
        })
        return this.#changed(principal, unit, await updateProduct(unit.trx, tenantId, product.id, {}))
      })
    })
  }

  /** By how much, not to how much: two people who count at once are both right. */
  adjustStock(principal: Principal, variantId: string, by: number, reason: string): Promise<Result<Variant>> {
    return this.#manage('adjustStock', principal, async () => {
      const errors = checkAdjustment(by, reason)
      if (errors.length > 0) return invalidFields(errors)
      if (!isUuid(variantId)) return NOT_FOUND
      const { tenantId } = principal
      return this.#transact(principal, 'commerce.adjustStock', async ({ trx, emit }) => {
        const changed = await changeStock(trx, tenantId, variantId, by)
        const [variant] = await findVariants(trx, tenantId, [variantId])
        if (variant === undefined) return NOT_FOUND
        if (!changed) {
          const { total, reserved } = variant.stock
          const limits = `at least ${reserved} that belong to orders must stay, at most ${MAX_STOCK} can be`
          return invalid('by', `by ${by} cannot be applied to ${total} pieces: ${limits}`)
        }
        emit(draftEvent(stockAdjusted, principal, variantId, { variantId, by, reason }))
        return { value: variant }
      })
    })
  }

  #change(
    operation: CommerceOperation,
    principal: Principal,
    id: string,
    version: number,
    work: (unit: UnitOfWork, product: Product) => Promise<Result<Product>>,
  ): Promise<Result<Product>> {
    return this.#manage(operation, principal, async () => {
      if (!isUuid(id)) return NOT_FOUND
      const change = async (unit: UnitOfWork): Promise<Result<Product>> => {
        const product = await findProductForUpdate(unit.trx, principal.tenantId, id)
        if (product === undefined) return NOT_FOUND
        if (product.version !== version) return versionConflict(product.version)
        const result = await work(unit, product)
        return result.refusal === undefined ? this.#changed(principal, unit, result.value) : result
      }
      return this.#withUniqueSkus('sku', () => this.#transact(principal, `commerce.${operation}`, change))
    })
  }

  #changed(principal: Principal, { emit }: UnitOfWork, product: Product): Result<Product> {
    const { id: productId, title, version } = product
    emit(draftEvent(productUpdated, principal, productId, { productId, title, version }))
    return { value: product }
  }

  #manage<T>(
    operation: CommerceOperation,
    principal: Principal,
    work: () => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.#operations.run(
      operation,
      async (): Promise<Result<T>> => (permits(principal, 'commerce:manage') ? work() : FORBIDDEN),
    )
  }

  #transact<T>(principal: Principal, purpose: string, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    return this.#database.transact(principal.tenantId, purpose, work, { repeatable: true })
  }

  /** The database alone knows, as two may choose the same at the same moment. */
  async #withUniqueSkus<T>(field: string, work: () => Promise<Result<T>>): Promise<Result<T>> {
    try {
      return await work()
    } catch (error) {
      if (errorCode(error) !== UNIQUE_VIOLATION) throw error
      return invalid(field, `${field} has the SKU of another variant of this tenant`)
    }
  }
}

/** Undefined when there is nothing that the principal may see. */
function visible(
  principal: Principal,
  status: ProductStatus | undefined,
): { readonly status?: ProductStatus | undefined } | undefined {
  if (permits(principal, 'commerce:manage')) return { status }
  return status === 'archived' ? undefined : { status: 'active' }
}

function toRow({ sku, title, price, stock }: NewVariant, position: number) {
  const { amountMinor: priceMinor, currency } = price
  return { id: randomUUIDv7(), position, sku, title, priceMinor, currency, stock }
}
