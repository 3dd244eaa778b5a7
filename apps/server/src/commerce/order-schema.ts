/** GraphQL of orders. Resolvers translate; what happens is in `OrderService`. */
import type { Result } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import { answerOf, connectionOf, NESTED_PAGE, pageArgs, pageOf, toConnection } from '../graphql/connection.ts'
import { loadNestedPages, type PageOfParent, pageKey } from '../graphql/nested-pages.ts'
import { type UserErrorShape, UserErrorType } from '../graphql/user-errors.ts'
import { loadUsers, UserType } from '../identity/identity-schema.ts'
import { MoneyType } from './money-schema.ts'
import type { Order, OrderItem, OrderRefusal } from './order.ts'
import { toOrderErrors } from './order-errors.ts'
import { MAX_KEY } from './order-service.ts'
import { loadVariants, VariantType } from './product-schema.ts'

const OrderStatusType = builder.enumType('OrderStatus', {
  description: 'How far an order has come.',
  values: {
    PLACED: { value: 'placed', description: 'Its stock is reserved, and nothing paid.' },
    PAID: { value: 'paid' },
    CANCELLED: { value: 'cancelled', description: 'Its stock can be bought again.' },
    DECLINED: {
      value: 'declined',
      description: 'The payment provider refused; its stock can be bought again.',
    },
  } as const,
})

const OrderItemType = builder.objectRef<OrderItem>('OrderItem').implement({
  description: 'What was bought, as it was called and priced then.',
  fields: (t) => ({
    sku: t.exposeString('sku'),
    title: t.exposeString('title'),
    quantity: t.exposeInt('quantity'),
    unitPrice: t.expose('unitPrice', { type: MoneyType }),
    lineTotal: t.expose('lineTotal', { type: MoneyType }),
    variant: t.loadable({
      type: VariantType,
      description: 'As it is now.',
      load: loadVariants,
      resolve: ({ variantId }) => variantId,
    }),
  }),
})

const OrderItemConnectionType = connectionOf<OrderItem>('OrderItem', OrderItemType)

const OrderType = builder.objectRef<Order>('Order').implement({
  description: 'A cart that was bought.',
  fields: (t) => ({
    id: t.exposeID('id'),
    status: t.expose('status', { type: OrderStatusType }),
    total: t.expose('total', { type: MoneyType }),
    itemCount: t.exposeInt('itemCount', { description: 'Pieces, of all items together.' }),
    placedAt: t.expose('placedAt', { type: 'DateTime' }),
    paidAt: t.expose('paidAt', { type: 'DateTime', nullable: true }),
    cancelledAt: t.expose('cancelledAt', { type: 'DateTime', nullable: true }),
    declinedAt: t.expose('declinedAt', { type: 'DateTime', nullable: true }),
    declineReason: t.exposeString('declineReason', {
      nullable: true,
      description: 'As the payment provider put it.',
    }),
    customer: t.loadable({ type: UserType, load: loadUsers, resolve: ({ customerId }) => customerId }),
    items: t.loadable({
      type: OrderItemConnectionType,
      description: 'In the order of the cart.',
      args: pageArgs(t.arg, NESTED_PAGE),
      load: (keys: PageOfParent[], { orders, principal }) =>
        loadNestedPages(keys, (ids, page) => orders.orderItemsOf(principal, ids, page)),
      loaderOptions: { cacheKeyFn: pageKey },
      resolve: ({ id }, args) => ({ parentId: id, ...pageOf(args, NESTED_PAGE) }),
    }),
  }),
})

const OrderConnectionType = connectionOf<Order>('Order', OrderType, { counted: true })

builder.queryFields((t) => ({
  order: t.field({
    type: OrderType,
    nullable: true,
    description: "One's own; with the permission commerce:manage, anybody's.",
    args: { id: t.arg.id() },
    resolve: (_root, { id }, { orders, principal }) => orders.order(principal, id),
  }),
  orders: t.field({
    type: OrderConnectionType,
    description: "One's own, newest first.",
    args: {
      ...pageArgs(t.arg),
      status: t.arg({ type: OrderStatusType, required: false }),
      ofEverybody: t.arg.boolean({
        defaultValue: false,
        required: false,
        description: 'Those of all customers; needs the permission commerce:manage.',
      }),
    },
    resolve: async (_root, args, { orders, principal }) => {
      const selection = { status: args.status ?? undefined, ofEverybody: args.ofEverybody ?? false }
      const page = answerOf(await orders.orders(principal, pageOf(args), selection), WORDS)
      return toConnection(page, () => orders.countOrders(principal, selection))
    },
  }),
}))

interface OrderPayload {
  readonly order: Order | undefined
  readonly errors: readonly UserErrorShape[]
}

const OrderPayloadType = builder.objectRef<OrderPayload>('OrderPayload').implement({
  description: 'The order as it is now, or what prevented it.',
  fields: (t) => ({
    order: t.expose('order', { type: OrderType, nullable: true }),
    errors: t.expose('errors', { type: [UserErrorType] }),
  }),
})

const PlaceOrderInput = builder.inputType('PlaceOrderInput', {
  description: 'A cart to be bought, all of it or nothing.',
  fields: (t) => ({
    cartId: t.id(),
    idempotencyKey: t.string({
      description: `The client's name for this request, 1 to ${MAX_KEY} characters: sent again, it gives the same order.`,
    }),
    expectedTotalMinor: t.field({
      type: 'MinorUnits',
      required: false,
      description:
        'What the customer was shown; the cart is not ordered when it costs something else by now.',
    }),
  }),
})

builder.mutationFields((t) => ({
  placeOrder: t.field({
    type: OrderPayloadType,
    description: 'Reserves the stock of all that is in the cart. Needs the permission commerce:order.',
    args: { input: t.arg({ type: PlaceOrderInput }) },
    resolve: async (_root, { input }, { orders, principal }) => {
      const expectedTotalMinor = input.expectedTotalMinor ?? undefined
      return toPayload(await orders.placeOrder(principal, { ...input, expectedTotalMinor }))
    },
  }),
  cancelOrder: t.field({
    type: OrderPayloadType,
    description:
      "Its stock returns. One's own while it is not paid; with the permission commerce:manage, any.",
    args: { id: t.arg.id() },
    resolve: async (_root, { id }, { orders, principal }) =>
      toPayload(await orders.cancelOrder(principal, id)),
  }),
  markOrderPaid: t.field({
    type: OrderPayloadType,
    description: 'Needs the permission commerce:manage.',
    args: {
      id: t.arg.id(),
      reference: t.arg.string({ description: 'Where the money can be found.' }),
    },
    resolve: async (_root, { id, reference }, { orders, principal }) =>
      toPayload(await orders.markOrderPaid(principal, id, reference)),
  }),
}))

const WORDS = {
  notFound: 'There is no order or cart of yours with this id',
  forbidden: 'Only those who keep the shop may do this, or customers for themselves',
}

function toPayload(result: Result<Order, OrderRefusal>): OrderPayload {
  if (result.refusal === undefined) return { order: result.value, errors: [] }
  return { order: undefined, errors: toOrderErrors(result.refusal, WORDS) }
}
