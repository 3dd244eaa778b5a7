/**
 * The composition root: which service gets which, in one place. It opens nothing: `start.ts` brings the database and the keys, and
 * listens with the app.
 */
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { ContentService } from './content/content-service.ts'
import { contentStatsHandler } from './content/content-stats.ts'
import type { OpenDatabase } from './db/open-database.ts'
import { TenantDatabase } from './db/tenant-database.ts'
import { demoToken } from './demo/demo-access.ts'
import { type DeliveryObserver, InProcessBus } from './events/in-process-bus.ts'
import { IdentityService } from './identity/identity-service.ts'
import type { KeyRing } from './identity/key-ring.ts'
import { PasswordHasher } from './identity/passwords.ts'
import { SessionService } from './identity/session-service.ts'
import { TenantHosts } from './identity/tenant-hosts.ts'
import { TokenVerifier } from './identity/tokens.ts'
import type { Logger } from './log.ts'
import { ServerMetrics } from './metrics.ts'
import { Readiness } from './readiness.ts'

export interface Assembly {
  readonly app: FastifyInstance
  readonly bus: InProcessBus
  readonly tenants: TenantDatabase
  readonly passwords: PasswordHasher
  readonly readiness: Readiness
}

export function assemble(
  config: Pick<Config, 'production' | 'demo'>,
  log: Logger,
  database: OpenDatabase,
  keys: KeyRing,
): Assembly {
  const metrics = new ServerMetrics()
  const bus = new InProcessBus(deliveryObserver(log, metrics))
  const tenants = new TenantDatabase(database.access, bus)
  bus.subscribe(contentStatsHandler(tenants))
  const passwords = new PasswordHasher()
  const readiness = new Readiness({ database: database.ping })
  const app = buildApp({
    production: config.production,
    log,
    metrics,
    readiness,
    keys,
    tokens: new TokenVerifier(keys),
    hosts: new TenantHosts(tenants),
    identity: new IdentityService(tenants),
    sessions: new SessionService(tenants, keys, passwords, metrics),
    content: new ContentService(tenants, metrics),
    demoToken: config.demo ? () => demoToken(keys) : undefined,
  })
  return { app, bus, tenants, passwords, readiness }
}

function deliveryObserver(log: Logger, metrics: ServerMetrics): DeliveryObserver {
  return {
    delivered(event, handler, outcome, error) {
      metrics.eventDelivered(event.type, handler, outcome)
      const fields = { handler, event_type: event.type, event_id: event.id }
      if (outcome === 'failed') log.error({ ...fields, err: error }, 'event handler failed')
      if (outcome === 'refused') log.error(fields, 'event not delivered: the queue of its handler is full')
    },
  }
}
