/** GraphQL of products, variants and stock. Resolvers translate; what happens is in `ProductService`. */
import type { Result } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import { answerOf, connectionOf, NESTED_PAGE, pageArgs, pageOf, toConnection } from '../graphql/connection.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { loadNestedPages, type PageOfParent, pageKey } from '../graphql/nested-pages.ts'
import { toUserErrors, type UserErrorShape, UserErrorType } from '../graphql/user-errors.ts'
import { permits } from '../identity/permissions.ts'
import { MoneyInput, MoneyType } from './money-schema.ts'
import type { Product, Stock, Variant } from './product.ts'
import { MAX_DESCRIPTION, MAX_SKU, MAX_TITLE, MAX_VARIANTS } from './product-input.ts'

const ProductStatusType = builder.enumType('ProductStatus', {
  description: 'Whether a product can be bought.',
  values: {
    ACTIVE: { value: 'active', description: 'Listed, and sold while there is stock.' },
    ARCHIVED: { value: 'archived', description: 'No longer sold; old orders still name it.' },
  } as const,
})

const StockType = builder.objectRef<Stock>('Stock').implement({
  description: 'How much there is: total = reserved + available.',
  fields: (t) => ({
    total: t.exposeInt('total'),
    reserved: t.exposeInt('reserved', { description: 'Belongs to orders.' }),
    available: t.exposeInt('available'),
  }),
})

// Plain types, with loaders for the fields that have an id alone: those that have the thing itself are no work, and no spans.
export const ProductType = builder.objectRef<Product>('Product')
export const VariantType = builder.objectRef<Variant>('Variant')

/** For `t.loadable` fields whose key is the id of a product that is known to exist. */
export async function loadProducts(
  ids: string[],
  { products, principal }: GraphQLContext,
): Promise<(Product | Error)[]> {
  const found = await products.productsById(principal, ids)
  return found.map((product, index) => product ?? new Error(`product ${ids[index]} does not exist`))
}

/** For `t.loadable` fields whose key is the id of a variant that is known to exist. */
export async function loadVariants(
  ids: string[],
  { products, principal }: GraphQLContext,
): Promise<(Variant | Error)[]> {
  const found = await products.variantsById(principal, ids)
  return found.map((variant, index) => variant ?? new Error(`variant ${ids[index]} does not exist`))
}

VariantType.implement({
  description: 'What one buys: a product in one size, one colour.',
  fields: (t) => ({
    id: t.exposeID('id'),
    sku: t.exposeString('sku', { description: 'Unique within the tenant.' }),
    title: t.exposeString('title'),
    price: t.expose('price', { type: MoneyType }),
    available: t.exposeInt('available', { description: 'Pieces that can be bought now.' }),
    stock: t.field({
      type: StockType,
      nullable: true,
      description: 'For those with the permission commerce:manage.',
      resolve: ({ stock }, _args, { principal }) =>
        permits(principal, 'commerce:manage') ? stock : undefined,
    }),
    product: t.loadable({
      type: ProductType,
      load: loadProducts,
      resolve: ({ productId }) => productId,
    }),
  }),
})

const VariantConnectionType = connectionOf<Variant>('Variant', VariantType)

ProductType.implement({
  description: 'Something that the tenant sells, in one or more variants.',
  fields: (t) => ({
    id: t.exposeID('id'),
    title: t.exposeString('title'),
    description: t.exposeString('description'),
    status: t.expose('status', { type: ProductStatusType }),
    version: t.exposeInt('version', {
      description:
        'Of the product with its variants, without their stock. Changes name the one that they change.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    variants: t.loadable({
      type: VariantConnectionType,
      description: 'In the order in which they were added.',
      args: pageArgs(t.arg, NESTED_PAGE),
      load: (keys: PageOfParent[], { products, principal }) =>
        loadNestedPages(keys, (ids, page) => products.variantsOf(principal, ids, page)),
      loaderOptions: { cacheKeyFn: pageKey },
      resolve: ({ id }, args) => ({ parentId: id, ...pageOf(args, NESTED_PAGE) }),
    }),
  }),
})

const ProductConnectionType = connectionOf<Product>('Product', ProductType, { counted: true })

builder.queryFields((t) => ({
  product: t.field({
    type: ProductType,
    nullable: true,
    args: { id: t.arg.id() },
    resolve: async (_root, { id }, { products, principal }) =>
      (await products.productsById(principal, [id]))[0],
  }),
  products: t.field({
    type: ProductConnectionType,
    description: 'Newest first. Archived ones show to those with the permission commerce:manage alone.',
    args: { ...pageArgs(t.arg), status: t.arg({ type: ProductStatusType, required: false }) },
    resolve: async (_root, args, { products, principal }) => {
      const status = args.status ?? undefined
      const page = answerOf(await products.products(principal, pageOf(args), status))
      return toConnection(page, () => products.countProducts(principal, status))
    },
  }),
}))

interface Payload<T> {
  readonly node: T | undefined
  readonly errors: readonly UserErrorShape[]
}

const ProductPayloadType = builder.objectRef<Payload<Product>>('ProductPayload').implement({
  description: 'The product as it is now, or what prevented it.',
  fields: (t) => ({
    product: t.expose('node', { type: ProductType, nullable: true }),
    errors: t.expose('errors', { type: [UserErrorType] }),
  }),
})

const VariantPayloadType = builder.objectRef<Payload<Variant>>('VariantPayload').implement({
  description: 'The variant as it is now, or what prevented it.',
  fields: (t) => ({
    variant: t.expose('node', { type: VariantType, nullable: true }),
    errors: t.expose('errors', { type: [UserErrorType] }),
  }),
})

const NewVariantInput = builder.inputType('NewVariantInput', {
  description: 'A variant, with the stock that it begins with.',
  fields: (t) => ({
    sku: t.string({ description: `Unique within the tenant; at most ${MAX_SKU} characters.` }),
    title: t.string({ description: `1 to ${MAX_TITLE} characters.` }),
    price: t.field({ type: MoneyInput }),
    stock: t.int({ defaultValue: 0, required: false, description: 'Pieces.' }),
  }),
})

const CreateProductInput = builder.inputType('CreateProductInput', {
  description: 'A product with its variants.',
  fields: (t) => ({
    title: t.string({ description: `1 to ${MAX_TITLE} characters.` }),
    description: t.string({
      defaultValue: '',
      required: false,
      description: `At most ${MAX_DESCRIPTION} characters.`,
    }),
    variants: t.field({ type: [NewVariantInput], description: `1 to ${MAX_VARIANTS}, in their order.` }),
  }),
})

const UpdateProductInput = builder.inputType('UpdateProductInput', {
  description: 'What is left out stays as it is.',
  fields: (t) => ({
    id: t.id(),
    version: t.int({ description: 'That which was read; a product that changed since is left alone.' }),
    title: t.string({ required: false }),
    description: t.string({ required: false }),
    status: t.field({ type: ProductStatusType, required: false }),
  }),
})

const AddVariantInput = builder.inputType('AddVariantInput', {
  description: 'A further variant of a product.',
  fields: (t) => ({
    productId: t.id(),
    version: t.int({ description: "The product's." }),
    sku: t.string({ description: `Unique within the tenant; at most ${MAX_SKU} characters.` }),
    title: t.string({ description: `1 to ${MAX_TITLE} characters.` }),
    price: t.field({ type: MoneyInput }),
    stock: t.int({ defaultValue: 0, required: false, description: 'Pieces.' }),
  }),
})

const UpdateVariantInput = builder.inputType('UpdateVariantInput', {
  description: 'What is left out stays as it is.',
  fields: (t) => ({
    id: t.id(),
    version: t.int({ description: "The product's." }),
    title: t.string({ required: false }),
    price: t.field({ type: MoneyInput, required: false, description: 'In the currency that it has.' }),
  }),
})

const AdjustStockInput = builder.inputType('AdjustStockInput', {
  description: 'Pieces that came or went.',
  fields: (t) => ({
    variantId: t.id(),
    by: t.int({ description: 'Below 0 for pieces that went.' }),
    reason: t.string({ defaultValue: '', required: false, description: 'For those who read the events.' }),
  }),
})

builder.mutationFields((t) => ({
  createProduct: t.field({
    type: ProductPayloadType,
    description: 'Needs the permission commerce:manage, as do all changes of products.',
    args: { input: t.arg({ type: CreateProductInput }) },
    resolve: async (_root, { input }, { products, principal }) => {
      const variants = input.variants.map((variant) => ({ ...variant, stock: variant.stock ?? 0 }))
      const product = { title: input.title, description: input.description ?? '', variants }
      return toPayload(await products.createProduct(principal, product), PRODUCT)
    },
  }),
  updateProduct: t.field({
    type: ProductPayloadType,
    args: { input: t.arg({ type: UpdateProductInput }) },
    resolve: async (_root, { input }, { products, principal }) => {
      const { title, description, status } = input
      const change = {
        title: title ?? undefined,
        description: description ?? undefined,
        status: status ?? undefined,
      }
      return toPayload(await products.updateProduct(principal, input, change), PRODUCT)
    },
  }),
  addVariant: t.field({
    type: ProductPayloadType,
    args: { input: t.arg({ type: AddVariantInput }) },
    resolve: async (_root, { input }, { products, principal }) => {
      const { productId: id, version, sku, title, price, stock } = input
      const variant = { sku, title, price, stock: stock ?? 0 }
      return toPayload(await products.addVariant(principal, { id, version }, variant), PRODUCT)
    },
  }),
  updateVariant: t.field({
    type: ProductPayloadType,
    args: { input: t.arg({ type: UpdateVariantInput }) },
    resolve: async (_root, { input }, { products, principal }) => {
      const change = { title: input.title ?? undefined, price: input.price ?? undefined }
      return toPayload(await products.updateVariant(principal, input, change), VARIANT)
    },
  }),
  adjustStock: t.field({
    type: VariantPayloadType,
    args: { input: t.arg({ type: AdjustStockInput }) },
    resolve: async (_root, { input }, { products, principal }) => {
      const { variantId, by, reason } = input
      return toPayload(await products.adjustStock(principal, variantId, by, reason ?? ''), VARIANT)
    },
  }),
}))

const forbidden = 'Only those who keep the shop change its products'
const PRODUCT = { notFound: 'There is no product with this id', forbidden }
const VARIANT = { notFound: 'There is no variant with this id', forbidden }

function toPayload<T>(result: Result<T>, words: { notFound: string; forbidden: string }): Payload<T> {
  if (result.refusal === undefined) return { node: result.value, errors: [] }
  return { node: undefined, errors: toUserErrors(result.refusal, words) }
}
