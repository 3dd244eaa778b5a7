/** What customers do with their orders, and those who keep the shop with everybody's. */
import type { OrderStatus } from '../db/schema.ts'
import type { TenantDatabase, UnitOfWork } from '../db/tenant-database.ts'
import { Operations } from '../domain/operations.ts'
import { type Page, type PageRequest, startOf, toPage } from '../domain/page.ts'
import { FORBIDDEN, invalidFields, NOT_FOUND, type Result, wrongState } from '../domain/result.ts'
import { checkText } from '../domain/text-rules.ts'
import { isUuid } from '../domain/uuid.ts'
import { permits } from '../identity/permissions.ts'
import type { Principal } from '../identity/principal.ts'
import type { CommerceObserver, CommerceOperation } from './commerce-observer.ts'
import { type Order, type OrderItem, type OrderRefusal, orderCursor } from './order.ts'
import { countOrders, findOrder, listOrderItems, listOrders } from './order-queries.ts'
import { type OrderRequest, placeOrder } from './place-order.ts'
import { positionCursor } from './product.ts'
import { cancelOrder, payOrder } from './settle-order.ts'

export const MAX_KEY = 100
const MAX_REFERENCE = 200

export interface OrderSelection {
  readonly status: OrderStatus | undefined
  /** Not only one's own; needs the permission commerce:manage. */
  readonly ofEverybody: boolean
}

export class OrderService {
  readonly #database: TenantDatabase
  readonly #operations: Operations<CommerceOperation>

  constructor(database: TenantDatabase, observer: CommerceObserver) {
    this.#database = database
    this.#operations = new Operations('commerce', (...args) => observer.commerceOperation(...args))
  }

  /** Reserves the stock of all that is in the cart, or refuses and changes nothing. */
  placeOrder(principal: Principal, request: OrderRequest): Promise<Result<Order, OrderRefusal>> {
    return this.#operations.run('placeOrder', async (): Promise<Result<Order, OrderRefusal>> => {
      if (!permits(principal, 'commerce:order')) return FORBIDDEN
      const rule = { max: MAX_KEY, required: true }
      const errors = checkText('idempotencyKey', request.idempotencyKey, rule)
      if (errors.length > 0) return invalidFields(errors)
      if (!isUuid(request.cartId)) return NOT_FOUND
      return this.#transact(principal, 'commerce.placeOrder', (unit) => placeOrder(unit, principal, request))
    })
  }

  /** Customers cancel what is not paid, those who keep the shop also what is. Again changes nothing and is no error. */
  cancelOrder(principal: Principal, id: string): Promise<Result<Order>> {
    return this.#operations.run('cancelOrder', async (): Promise<Result<Order>> => {
      if (!isUuid(id)) return NOT_FOUND
      const manages = permits(principal, 'commerce:manage')
      const permitted = (order: Order): Result<Order> => {
        if (!manages && order.customerId !== principal.userId) return NOT_FOUND
        if (!manages && order.status === 'paid')
          return wrongState('The order is paid, the shop must cancel it')
        return { value: order }
      }
      return this.#transact(principal, 'commerce.cancelOrder', (unit) =>
        cancelOrder(unit, principal, id, permitted),
      )
    })
  }

  /** By those who keep the shop, when the money came by another way than the payment provider. */
  markOrderPaid(principal: Principal, id: string, reference: string): Promise<Result<Order>> {
    return this.#operations.run('markOrderPaid', async (): Promise<Result<Order>> => {
      if (!permits(principal, 'commerce:manage')) return FORBIDDEN
      const errors = checkText('reference', reference, { max: MAX_REFERENCE, required: true })
      if (errors.length > 0) return invalidFields(errors)
      if (!isUuid(id)) return NOT_FOUND
      return this.#transact(principal, 'commerce.markOrderPaid', (unit) =>
        payOrder(unit, principal, id, reference),
      )
    })
  }

  order(principal: Principal, id: string): Promise<Order | undefined> {
    return this.#operations.read('order', async () => {
      if (!isUuid(id)) return undefined
      const { tenantId, userId } = principal
      const order = await this.#database.read(tenantId, (db) => findOrder(db, tenantId, id))
      if (order?.customerId !== userId && !permits(principal, 'commerce:manage')) return undefined
      return order
    })
  }

  orders(principal: Principal, page: PageRequest, selection: OrderSelection): Promise<Result<Page<Order>>> {
    return this.#operations.run('orders', async () => {
      const checked = startOf(page, orderCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const filter = filterOf(principal, selection)
      if (filter === undefined) return FORBIDDEN
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) =>
        listOrders(db, tenantId, filter, checked.start),
      )
      return { value: toPage(found, page.first, orderCursor, ({ id }) => id) }
    })
  }

  /** 0 where `orders` refuses. */
  countOrders(principal: Principal, selection: OrderSelection): Promise<number> {
    return this.#operations.read('countOrders', async () => {
      const filter = filterOf(principal, selection)
      if (filter === undefined) return 0
      const { tenantId } = principal
      return this.#database.read(tenantId, (db) => countOrders(db, tenantId, filter))
    })
  }

  /** The same page of each order's items, in the order of `orderIds`, which come from orders that the principal may see. */
  orderItemsOf(
    { tenantId }: Principal,
    orderIds: readonly string[],
    page: PageRequest,
  ): Promise<Result<readonly Page<OrderItem>[]>> {
    return this.#operations.runBatch('orderItemsOf', orderIds.length, async () => {
      const checked = startOf(page, positionCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const found = await this.#database.read(tenantId, (db) =>
        listOrderItems(db, tenantId, orderIds, checked.start),
      )
      const byOrder = Map.groupBy(found, ({ orderId }) => orderId)
      const value = orderIds.map((id) =>
        toPage(byOrder.get(id) ?? [], page.first, positionCursor, ({ position }) => position),
      )
      return { value }
    })
  }

  /** The transactions have no effect but their own, so they may run again after a conflict. */
  #transact<T>(principal: Principal, purpose: string, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    return this.#database.transact(principal.tenantId, purpose, work, { repeatable: true })
  }
}

function filterOf(principal: Principal, { status, ofEverybody }: OrderSelection) {
  if (!ofEverybody) return { customerId: principal.userId, status }
  return permits(principal, 'commerce:manage') ? { customerId: undefined, status } : undefined
}
