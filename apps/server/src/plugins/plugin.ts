/** What a plugin of the app is: a function that adds its routes and hooks. `app.ts` holds the ordered list. */
import type { Context } from '@opentelemetry/api'
import type { FastifyInstance } from 'fastify'
import type { CartService } from '../commerce/cart-service.ts'
import type { OrderService } from '../commerce/order-service.ts'
import type { ProductService } from '../commerce/product-service.ts'
import type { ContentService } from '../content/content-service.ts'
import type { EditingService } from '../content/editing-service.ts'
import type { IdentityService } from '../identity/identity-service.ts'
import type { KeyRing } from '../identity/key-ring.ts'
import type { PasswordService } from '../identity/password-service.ts'
import type { Principal } from '../identity/principal.ts'
import type { SessionService } from '../identity/session-service.ts'
import type { TenantHosts } from '../identity/tenant-hosts.ts'
import type { TokenHolder, TokenVerifier } from '../identity/tokens.ts'
import type { UserService } from '../identity/user-service.ts'
import type { Logger } from '../log.ts'
import type { ServerMetrics } from '../metrics.ts'
import type { Readiness } from '../readiness/readiness.ts'

export interface AppServices {
  readonly production: boolean
  readonly trustedProxies: readonly string[]
  readonly log: Logger
  readonly metrics: ServerMetrics
  readonly readiness: Readiness
  readonly keys: KeyRing
  readonly tokens: TokenVerifier
  readonly hosts: TenantHosts
  readonly sessions: SessionService
  readonly passwords: PasswordService
  readonly users: UserService
  readonly identity: IdentityService
  readonly content: ContentService
  readonly editing: EditingService
  readonly products: ProductService
  readonly carts: CartService
  readonly orders: OrderService
  /** For GraphiQL's headers, in demo mode: a token that works at once. */
  readonly demoToken: (() => Promise<string>) | undefined
}

export type AppPlugin = (app: FastifyInstance, services: AppServices) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** The trace context that belongs to the request: that of its span, and of its actor once there is one. */
    traceContext: Context
    /** Who the token says it is; set by the auth plugin. */
    holder: TokenHolder | undefined
    /** Who it is, known to exist; set by the tenancy plugin. */
    principal: Principal | undefined
  }
}
