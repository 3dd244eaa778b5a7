/**
 * The composition root: which service gets which, in one place. It opens nothing: `start.ts` brings the database and the keys, and
 * listens with the app.
 */
import type { Tracing } from '@rustok/telemetry'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { assembleEvents, assembleRetention, type EventsConfig } from './assemble-events.ts'
import { CartService } from './commerce/cart-service.ts'
import { OrderService } from './commerce/order-service.ts'
import { ProductService } from './commerce/product-service.ts'
import type { Config } from './config.ts'
import { ContentService } from './content/content-service.ts'
import { EditingService } from './content/editing-service.ts'
import type { OpenDatabase } from './db/open-database.ts'
import { TenantDatabase } from './db/tenant-database.ts'
import { demoToken } from './demo/demo-access.ts'
import type { Events } from './events/events.ts'
import { outbox } from './events/outbox/outbox.ts'
import { passwordGuesses } from './identity/guess-limits.ts'
import { IdentityService } from './identity/identity-service.ts'
import type { KeyRing } from './identity/key-ring.ts'
import { PasswordService } from './identity/password-service.ts'
import { PasswordHasher } from './identity/passwords.ts'
import { SessionService } from './identity/session-service.ts'
import { TenantHosts } from './identity/tenant-hosts.ts'
import { TokenVerifier } from './identity/tokens.ts'
import { UserService } from './identity/user-service.ts'
import type { Logger } from './log.ts'
import { ServerMetrics } from './metrics.ts'
import { readinessChecks } from './readiness/checks.ts'
import { Readiness } from './readiness/readiness.ts'
import type { Retention } from './retention.ts'

export interface Assembly {
  readonly app: FastifyInstance
  readonly events: Events
  readonly retention: Retention
  readonly tenants: TenantDatabase
  readonly passwords: PasswordHasher
  readonly readiness: Readiness
}

export function assemble(
  config: Pick<Config, 'trustedProxies'> & EventsConfig,
  log: Logger,
  database: OpenDatabase,
  keys: KeyRing,
  tracing?: Pick<Tracing, 'openMetrics'>,
): Assembly {
  const metrics = new ServerMetrics(() => tracing?.openMetrics() ?? '')
  const tenants = new TenantDatabase(database.access, outbox)
  const events = assembleEvents(config, log, metrics, database, tenants)
  const retention = assembleRetention(log, metrics, tenants)
  const passwords = new PasswordHasher()
  const guesses = passwordGuesses()
  const readiness = new Readiness(readinessChecks(database, tenants, events), log)
  const app = buildApp({
    production: config.production,
    trustedProxies: config.trustedProxies,
    log,
    metrics,
    readiness,
    keys,
    tokens: new TokenVerifier(keys),
    hosts: new TenantHosts(tenants),
    identity: new IdentityService(tenants),
    users: new UserService(tenants, passwords),
    sessions: new SessionService(tenants, keys, passwords, guesses, metrics),
    passwords: new PasswordService(tenants, passwords, guesses, metrics),
    content: new ContentService(tenants, metrics),
    editing: new EditingService(tenants, metrics),
    products: new ProductService(tenants, metrics),
    carts: new CartService(tenants, metrics),
    orders: new OrderService(tenants, metrics),
    demoToken: config.demo ? () => demoToken(keys) : undefined,
  })
  return { app, events, retention, tenants, passwords, readiness }
}
