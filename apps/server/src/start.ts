/**
 * Puts a server together from its settings: key, database, migrations, demo data, services, app, listener. What was opened is closed
 * again when a later step fails, so that a failed start leaves nothing. Called by `main.ts`, and by tests in their own process.
 */
import type { AddressInfo } from 'node:net'
import { tracedSpan } from '@rustok/telemetry'
import { kyselyTracing } from '@rustok/telemetry/kysely'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { ContentService } from './content/content-service.ts'
import { contentStatsHandler } from './content/content-stats.ts'
import { migrate } from './db/migrate.ts'
import { type OpenDatabase, openDatabase } from './db/open-database.ts'
import { TenantDatabase } from './db/tenant-database.ts'
import { type DemoAccess, demoAccess, demoToken } from './demo/demo-access.ts'
import { seedDemo } from './demo/seed-demo.ts'
import { errorCode, errorMessage, StartupError } from './errors.ts'
import { type DeliveryObserver, InProcessBus } from './events/in-process-bus.ts'
import { IdentityService } from './identity/identity-service.ts'
import type { KeyRing } from './identity/key-ring.ts'
import { loadKeyRing } from './identity/load-key-ring.ts'
import type { Logger } from './log.ts'
import { ServerMetrics } from './metrics.ts'
import { Readiness } from './readiness.ts'

/** The parts that shutdown ends, each in its turn (`stop-server.ts`). */
export interface RunningServer {
  readonly url: string
  readonly demo: DemoAccess | undefined
  readonly app: FastifyInstance
  readonly bus: InProcessBus
  readonly readiness: Readiness
  readonly database: OpenDatabase
}

/** Throws a StartupError for what its user can mend. */
export function startServer(config: Config, log: Logger): Promise<RunningServer> {
  return tracedSpan('server.start', {}, async () => {
    await using opened = new AsyncDisposableStack()
    const database = await openDatabase({
      databaseUrl: config.databaseUrl,
      dataDir: config.dataDir,
      log: kyselyTracing({ system: 'postgresql', namespace: 'rustok' }),
    })
    opened.defer(() => database.close())
    const keys = loadKeyRing(config.jwtSecret, config.dataDir)
    const migrations = await migrate(database.db)
    if (migrations.length > 0) log.info({ migrations }, 'database migrated')
    if (config.demo) await seedDemo(database.db)

    const { app, bus, readiness } = assemble(config, log, database, keys)
    opened.defer(() => app.close())
    const url = await listen(app, config)
    opened.move()
    return { url, demo: config.demo ? await demoAccess(keys) : undefined, app, bus, readiness, database }
  })
}

function assemble(config: Config, log: Logger, database: OpenDatabase, keys: KeyRing) {
  const metrics = new ServerMetrics()
  const bus = new InProcessBus(deliveryObserver(log, metrics))
  const tenants = new TenantDatabase(database.db, bus)
  bus.subscribe(contentStatsHandler(tenants))
  const readiness = new Readiness({ database: database.ping })
  const app = buildApp({
    production: config.production,
    log,
    metrics,
    readiness,
    keys,
    identity: new IdentityService(tenants),
    content: new ContentService(tenants, metrics),
    demoToken: config.demo ? () => demoToken(keys) : undefined,
  })
  return { app, bus, readiness }
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

async function listen(app: FastifyInstance, { host, port }: Config): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw listenError(error, host, port)
  }
  const { address, port: actual, family } = app.server.address() as AddressInfo
  const reachable = address === '0.0.0.0' || address === '::' ? 'localhost' : address
  return `http://${family === 'IPv6' && reachable === address ? `[${address}]` : reachable}:${actual}`
}

function listenError(error: unknown, host: string, port: number): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new StartupError('PORT', `${port} on ${host} is already in use`, { cause: error })
    case 'EACCES':
      return new StartupError('PORT', `${port} on ${host} needs privileges that this process does not have`, {
        cause: error,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new StartupError('HOST', `cannot listen on "${host}": ${errorMessage(error)}`, { cause: error })
    default:
      return error
  }
}
