/** What every resolver gets: who asks, and the services that answer. The GraphQL plugin makes one per request. */
import type { CartService } from '../commerce/cart-service.ts'
import type { OrderService } from '../commerce/order-service.ts'
import type { ProductService } from '../commerce/product-service.ts'
import type { ContentService } from '../content/content-service.ts'
import type { EditingService } from '../content/editing-service.ts'
import type { IdentityService } from '../identity/identity-service.ts'
import type { Principal } from '../identity/principal.ts'
import type { UserService } from '../identity/user-service.ts'

export interface GraphQLContext {
  readonly principal: Principal
  readonly content: ContentService
  readonly editing: EditingService
  readonly identity: IdentityService
  readonly users: UserService
  readonly products: ProductService
  readonly carts: CartService
  readonly orders: OrderService
}
