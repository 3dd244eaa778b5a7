/** The errors of carts and orders that clients can match on: what is out of stock, what costs something else by now. */
import type { Refusal } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import {
  type DomainErrorShape,
  toUserErrors,
  type UserErrorShape,
  UserErrorType,
} from '../graphql/user-errors.ts'
import type { Shortage } from './cart.ts'
import type { Money } from './money.ts'
import { MoneyType } from './money-schema.ts'
import type { OrderRefusal } from './order.ts'
import { loadVariants, VariantType } from './product-schema.ts'

interface OutOfStockShape extends DomainErrorShape, Shortage {}
interface PriceChangedShape extends DomainErrorShape {
  readonly total: Money
}

builder.objectRef<OutOfStockShape>('OutOfStockError').implement({
  description: 'There is less of a variant than is asked for; one for each such variant.',
  interfaces: [UserErrorType],
  fields: (t) => ({
    variant: t.loadable({
      type: VariantType,
      load: loadVariants,
      resolve: ({ variantId }) => variantId,
    }),
    requested: t.exposeInt('requested'),
    available: t.exposeInt('available'),
  }),
})

builder.objectRef<PriceChangedShape>('PriceChangedError').implement({
  description: 'The cart costs something else than the customer was shown.',
  interfaces: [UserErrorType],
  fields: (t) => ({ total: t.expose('total', { type: MoneyType }) }),
})

builder.objectRef<DomainErrorShape>('IdempotencyKeyReusedError').implement({
  description: 'The key belongs to another request of the same customer.',
  interfaces: [UserErrorType],
})

export function toOrderErrors(
  refusal: Refusal | OrderRefusal,
  words: { readonly notFound: string; readonly forbidden: string },
): UserErrorShape[] {
  switch (refusal.kind) {
    case 'out_of_stock':
      return refusal.shortages.map((shortage) => outOfStock(shortage))
    case 'price_changed': {
      const message = 'The cart costs something else by now'
      const error: PriceChangedShape = {
        kind: 'domain',
        typeName: 'PriceChangedError',
        message,
        total: refusal.total,
      }
      return [error]
    }
    case 'key_reused': {
      const message = 'This idempotency key was used for another order'
      return [{ kind: 'domain', typeName: 'IdempotencyKeyReusedError', message }]
    }
    default:
      return toUserErrors(refusal, words)
  }
}

function outOfStock(shortage: Shortage): OutOfStockShape {
  const { requested, available } = shortage
  const message = `Only ${available} of ${requested} pieces are available`
  return { kind: 'domain', typeName: 'OutOfStockError', message, ...shortage }
}
