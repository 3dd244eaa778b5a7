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
import type { EventHandler } from './events/event-handler.ts'
import { Events, type EventsObserver } from './events/events.ts'
import { outbox } from './events/outbox/outbox.ts'
import { IdentityService } from './identity/identity-service.ts'
import type { KeyRing } from './identity/key-ring.ts'
import { PasswordHasher } from './identity/passwords.ts'
import { SessionService } from './identity/session-service.ts'
import { TenantHosts } from './identity/tenant-hosts.ts'
import { TokenVerifier } from './identity/tokens.ts'
import { UserService } from './identity/user-service.ts'
import type { Logger } from './log.ts'
import { ServerMetrics } from './metrics.ts'
import { Readiness } from './readiness.ts'

export interface Assembly {
  readonly app: FastifyInstance
  readonly events: Events
  readonly tenants: TenantDatabase
  readonly passwords: PasswordHasher
  readonly readiness: Readiness
}

export function assemble(
  config: Pick<Config, 'production' | 'trustedProxies' | 'demo'>,
  log: Logger,
  database: OpenDatabase,
  keys: KeyRing,
): Assembly {
  const metrics = new ServerMetrics()
  const tenants = new TenantDatabase(database.access, outbox)
  const events = new Events({
    engine: database.access,
    tenants,
    broker: undefined,
    observer: eventsObserver(log, metrics),
  })
  for (const handler of eventHandlers()) events.subscribe(handler)
  const passwords = new PasswordHasher()
  const readiness = new Readiness({ database: database.ping })
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
    sessions: new SessionService(tenants, keys, passwords, metrics),
    content: new ContentService(tenants, metrics),
    demoToken: config.demo ? () => demoToken(keys) : undefined,
  })
  return { app, events, tenants, passwords, readiness }
}

/** The same list in every process that handles events. */
function eventHandlers(): readonly EventHandler[] {
  return [contentStatsHandler()]
}

function eventsObserver(log: Logger, metrics: ServerMetrics): EventsObserver {
  return {
    delivered(event, handler, outcome, error) {
      metrics.eventDelivered(event.type, handler, outcome)
      const fields = { handler, event_type: event.type, event_id: event.id }
      if (outcome === 'failed')
        log.warn({ ...fields, err: error }, 'event handler failed, and will be tried again')
      if (outcome === 'dead')
        log.error({ ...fields, err: error }, 'event handler failed for good: the event is a dead letter')
    },
    lost(event, handler, error) {
      const fields = { handler, event_type: event.type, event_id: event.id }
      log.error({ ...fields, err: error }, 'the failure of an event handler could not be recorded')
    },
    stalled: (part, error) => log.error({ part, err: error }, 'events do not move on, and are kept'),
    resumed: (part) => log.info({ part }, 'events move on again'),
  }
}
