/** What products and variants may be called and cost, and the messages for what not, by the path of the field; pure. */
import type { ProductStatus } from '../db/schema.ts'
import type { FieldError } from '../domain/result.ts'
import { checkText } from '../domain/text-rules.ts'
import { type Amount, checkPrice } from './money.ts'

export const MAX_TITLE = 200
export const MAX_DESCRIPTION = 5_000
export const MAX_SKU = 64
/** Bounds what a page of variants can be cut from. */
export const MAX_VARIANTS = 50
const MAX_ADJUSTMENT = 1_000_000

export interface NewVariant {
  readonly sku: string
  readonly title: string
  readonly price: Amount
  readonly stock: number
}

export interface NewProduct {
  readonly title: string
  readonly description: string
  readonly variants: readonly NewVariant[]
}

export interface ProductChange {
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly status?: ProductStatus | undefined
}

export interface VariantChange {
  readonly title?: string | undefined
  readonly price?: Amount | undefined
}

type Checked<T> = { readonly input: T } | { readonly errors: readonly FieldError[] }

export function checkNewProduct(given: NewProduct): Checked<NewProduct> {
  const input = {
    title: given.title.trim(),
    description: given.description,
    variants: given.variants.map(trimmed),
  }
  const errors = [
    ...checkText('title', input.title, { max: MAX_TITLE, required: true }),
    ...checkText('description', input.description, { max: MAX_DESCRIPTION }),
  ]
  const { length } = input.variants
  if (length < 1 || length > MAX_VARIANTS) {
    const message = `variants must have 1 to ${MAX_VARIANTS} entries, it has ${length}`
    return { errors: [...errors, { field: 'variants', message }] }
  }
  const skus = new Set<string>()
  for (const [index, variant] of input.variants.entries()) {
    errors.push(...variantErrors(`variants.${index}.`, variant))
    const field = `variants.${index}.sku`
    if (skus.has(variant.sku)) errors.push({ field, message: `${field} is that of a variant before it` })
    skus.add(variant.sku)
  }
  return errors.length > 0 ? { errors } : { input }
}

export function checkNewVariant(given: NewVariant): Checked<NewVariant> {
  const input = trimmed(given)
  const errors = variantErrors('', input)
  return errors.length > 0 ? { errors } : { input }
}

function trimmed(variant: NewVariant): NewVariant {
  return { ...variant, sku: variant.sku.trim(), title: variant.title.trim() }
}

function variantErrors(path: string, { sku, title, price, stock }: NewVariant): FieldError[] {
  const errors = [
    ...checkText(`${path}sku`, sku, { max: MAX_SKU, required: true }),
    ...checkText(`${path}title`, title, { max: MAX_TITLE, required: true }),
    ...checkPrice(`${path}price`, price),
  ]
  if (stock < 0 || stock > MAX_ADJUSTMENT) {
    const field = `${path}stock`
    errors.push({ field, message: `${field} must be from 0 to ${MAX_ADJUSTMENT}, it is ${stock}` })
  }
  return errors
}

export function checkProductChange(given: ProductChange): Checked<ProductChange> {
  const input = { ...given, ...(given.title !== undefined && { title: given.title.trim() }) }
  const errors = [
    ...(input.title === undefined ? [] : checkText('title', input.title, { max: MAX_TITLE, required: true })),
    ...(input.description === undefined
      ? []
      : checkText('description', input.description, { max: MAX_DESCRIPTION })),
  ]
  return errors.length > 0 ? { errors } : { input }
}

export function checkVariantChange(given: VariantChange): Checked<VariantChange> {
  const input = { ...given, ...(given.title !== undefined && { title: given.title.trim() }) }
  const errors = [
    ...(input.title === undefined ? [] : checkText('title', input.title, { max: MAX_TITLE, required: true })),
    ...(input.price === undefined ? [] : checkPrice('price', input.price)),
  ]
  return errors.length > 0 ? { errors } : { input }
}

export function checkAdjustment(by: number, reason: string): FieldError[] {
  const errors = checkText('reason', reason, { max: MAX_TITLE })
  if (by === 0 || Math.abs(by) > MAX_ADJUSTMENT) {
    errors.push({
      field: 'by',
      message: `by must be from -${MAX_ADJUSTMENT} to ${MAX_ADJUSTMENT}, and not 0`,
    })
  }
  return errors
}
