/** GraphQL of carts. Resolvers translate; what happens is in `CartService`. */
import type { Result } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import { connectionOf, NESTED_PAGE, pageArgs, pageOf } from '../graphql/connection.ts'
import { loadNestedPages, type PageOfParent, pageKey } from '../graphql/nested-pages.ts'
import { type UserErrorShape, UserErrorType } from '../graphql/user-errors.ts'
import { type Cart, type CartItem, MAX_QUANTITY, type OutOfStock } from './cart.ts'
import { MoneyType } from './money-schema.ts'
import { toOrderErrors } from './order-errors.ts'
import { loadVariants, VariantType } from './product-schema.ts'

const CartStatusType = builder.enumType('CartStatus', {
  description: 'Whether a cart can still change.',
  values: { OPEN: { value: 'open' }, ORDERED: { value: 'ordered' } } as const,
})

const CartItemType = builder.objectRef<CartItem>('CartItem').implement({
  description: 'So many pieces of a variant, at the price that it has now.',
  fields: (t) => ({
    quantity: t.exposeInt('quantity'),
    unitPrice: t.expose('unitPrice', { type: MoneyType }),
    lineTotal: t.expose('lineTotal', { type: MoneyType }),
    variant: t.loadable({
      type: VariantType,
      load: loadVariants,
      resolve: ({ variantId }) => variantId,
    }),
  }),
})

const CartItemConnectionType = connectionOf<CartItem>('CartItem', CartItemType)

const CartType = builder.objectRef<Cart>('Cart').implement({
  description: 'What a customer means to buy. It reserves nothing.',
  fields: (t) => ({
    id: t.exposeID('id'),
    status: t.expose('status', { type: CartStatusType }),
    itemCount: t.exposeInt('itemCount', { description: 'Pieces, of all items together.' }),
    total: t.expose('total', {
      type: MoneyType,
      nullable: true,
      description: 'At the prices of now; null for an empty cart, which has no currency.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    items: t.loadable({
      type: CartItemConnectionType,
      description: 'In the order in which they were added.',
      args: pageArgs(t.arg, NESTED_PAGE),
      load: (keys: PageOfParent[], { carts, principal }) =>
        loadNestedPages(keys, (ids, page) => carts.cartItemsOf(principal, ids, page)),
      loaderOptions: { cacheKeyFn: pageKey },
      resolve: ({ id }, args) => ({ parentId: id, ...pageOf(args, NESTED_PAGE) }),
    }),
  }),
})

builder.queryField('cart', (t) =>
  t.field({
    type: CartType,
    nullable: true,
    description: "One of one's own carts; without an id the newest that is not ordered.",
    args: { id: t.arg.id({ required: false }) },
    resolve: (_root, { id }, { carts, principal }) => carts.cart(principal, id ?? undefined),
  }),
)

interface CartPayload {
  readonly cart: Cart | undefined
  readonly errors: readonly UserErrorShape[]
}

const CartPayloadType = builder.objectRef<CartPayload>('CartPayload').implement({
  description: 'The cart as it is now, or what prevented it.',
  fields: (t) => ({
    cart: t.expose('cart', { type: CartType, nullable: true }),
    errors: t.expose('errors', { type: [UserErrorType] }),
  }),
})

const AddToCartInput = builder.inputType('AddToCartInput', {
  description: 'Pieces of a variant, on top of those that are in the cart already.',
  fields: (t) => ({
    cartId: t.id({ required: false, description: 'Without it, a new cart.' }),
    variantId: t.id(),
    quantity: t.int({ defaultValue: 1, required: false, description: `1 to ${MAX_QUANTITY} in all.` }),
  }),
})

const SetCartQuantityInput = builder.inputType('SetCartQuantityInput', {
  description: 'How many pieces of a variant are in the cart from now on.',
  fields: (t) => ({
    cartId: t.id(),
    variantId: t.id(),
    quantity: t.int({ description: `0 to ${MAX_QUANTITY}; 0 takes it out.` }),
  }),
})

const RemoveFromCartInput = builder.inputType('RemoveFromCartInput', {
  description: 'A variant that is to leave the cart.',
  fields: (t) => ({ cartId: t.id(), variantId: t.id() }),
})

builder.mutationFields((t) => ({
  addToCart: t.field({
    type: CartPayloadType,
    description: 'Needs the permission commerce:order, as do all changes of carts.',
    args: { input: t.arg({ type: AddToCartInput }) },
    resolve: async (_root, { input }, { carts, principal }) => {
      const { cartId, variantId, quantity } = input
      const given = { cartId: cartId ?? undefined, variantId, quantity: quantity ?? 1 }
      return toPayload(await carts.addToCart(principal, given))
    },
  }),
  setCartQuantity: t.field({
    type: CartPayloadType,
    args: { input: t.arg({ type: SetCartQuantityInput }) },
    resolve: async (_root, { input }, { carts, principal }) =>
      toPayload(await carts.setCartQuantity(principal, input)),
  }),
  removeFromCart: t.field({
    type: CartPayloadType,
    args: { input: t.arg({ type: RemoveFromCartInput }) },
    resolve: async (_root, { input }, { carts, principal }) =>
      toPayload(await carts.removeFromCart(principal, input.cartId, input.variantId)),
  }),
}))

const WORDS = {
  notFound: 'There is no such cart of yours, or no such variant',
  forbidden: 'Only customers fill carts',
}

function toPayload(result: Result<Cart, OutOfStock>): CartPayload {
  if (result.refusal === undefined) return { cart: result.value, errors: [] }
  return { cart: undefined, errors: toOrderErrors(result.refusal, WORDS) }
}
