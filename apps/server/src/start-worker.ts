/**
 * A server without its API: it moves events and handles them, in a process of its own beside those that serve. Its port answers for its
 * health and its metrics alone.
 */
import { type Tracing, tracedSpan } from '@rustok/telemetry'
import { kyselyTracing } from '@rustok/telemetry/kysely'
import { buildWorkerApp } from './app.ts'
import { assembleEvents, assembleRetention } from './assemble-events.ts'
import type { Config } from './config.ts'
import { checkRoles } from './db/check-roles.ts'
import { migrate } from './db/migrate.ts'
import { openDatabase } from './db/open-database.ts'
import { TenantDatabase } from './db/tenant-database.ts'
import { paymentProvider } from './demo/demo-payments.ts'
import { StartupError } from './errors.ts'
import { outbox } from './events/outbox/outbox.ts'
import type { Logger } from './log.ts'
import { ServerMetrics } from './metrics.ts'
import { readinessChecks } from './readiness/checks.ts'
import { Readiness } from './readiness/readiness.ts'
import { listen } from './start.ts'
import type { Stoppable } from './stop-server.ts'

export interface RunningWorker extends Stoppable {
  readonly url: string
}

/** Throws a StartupError for what its user can mend. */
export function startWorker(
  config: Config,
  log: Logger,
  tracing?: Pick<Tracing, 'openMetrics'>,
): Promise<RunningWorker> {
  const {
    databaseUrl,
    databaseOwnerUrl: ownerUrl,
    databasePoolSize: poolSize,
    host,
    workerPort: port,
  } = config
  if (databaseUrl === undefined) {
    throw new StartupError(
      'DATABASE_URL',
      'a worker needs a PostgreSQL server: the embedded database belongs to the process that serves',
    )
  }
  return tracedSpan('worker.start', {}, async () => {
    await using opened = new AsyncDisposableStack()
    const traced = kyselyTracing({ system: 'postgresql', namespace: 'rustok' })
    const database = await openDatabase({
      databaseUrl,
      ownerUrl,
      poolSize,
      statementTimeoutMs: config.databaseTimeoutMs,
      log: traced,
    })
    opened.defer(() => database.close())
    const migrations = await database.asOwner(migrate)
    if (migrations.length > 0) log.info({ migrations }, 'database migrated')
    await checkRoles(database.access, log)
    const metrics = new ServerMetrics(() => tracing?.openMetrics() ?? '')
    const tenants = new TenantDatabase(database.access, outbox)
    const payments = await paymentProvider(config.payments)
    opened.defer(() => payments.close())
    const events = assembleEvents({ ...config, payments: payments.settings }, log, metrics, database, tenants)
    const readiness = new Readiness(readinessChecks(database, tenants, events), log)
    const app = buildWorkerApp({ log, metrics, readiness })
    opened.defer(() => app.close())
    const url = await listen(app, 'RUSTOK_WORKER_PORT', { host, port })
    const retention = assembleRetention(log, metrics, tenants)
    events.start()
    retention.start()
    opened.move()
    return { app, events, retention, readiness, database, payments, url }
  })
}
