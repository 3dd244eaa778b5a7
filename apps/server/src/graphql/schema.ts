/** The executable schema: the domains add their types to the builder on import, in any order. */
import '../commerce/cart-schema.ts'
import '../commerce/order-schema.ts'
import '../commerce/product-schema.ts'
import '../content/content-schema.ts'
import '../content/editing-schema.ts'
import '../content/search-schema.ts'
import '../identity/identity-schema.ts'
import '../identity/user-admin-schema.ts'
import { builder } from './builder.ts'

export const schema = builder.toSchema()
