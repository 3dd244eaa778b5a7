/**
 * Puts a server together from its settings: key, database, migrations, demo data, services, app, listener. What was opened is closed
 * again when a later step fails, so that a failed start leaves nothing. Called by `main.ts`, and by tests in their own process.
 */
import type { AddressInfo } from 'node:net'
import { type Tracing, tracedSpan } from '@rustok/telemetry'
import { kyselyTracing } from '@rustok/telemetry/kysely'
import type { FastifyInstance } from 'fastify'
import { type Assembly, assemble } from './assemble.ts'
import type { Config } from './config.ts'
import { checkRoles } from './db/check-roles.ts'
import { migrate } from './db/migrate.ts'
import { type OpenDatabase, openDatabase } from './db/open-database.ts'
import { type DemoAccess, demoAccess } from './demo/demo-access.ts'
import { demoTenants } from './demo/demo-data.ts'
import { type PaymentProvider, paymentProvider } from './demo/demo-payments.ts'
import { seedDemo } from './demo/seed-demo.ts'
import { errorCode, errorMessage, StartupError } from './errors.ts'
import type { KeyRing } from './identity/key-ring.ts'
import { loadKeyRing, watchKeys } from './identity/load-key-ring.ts'
import type { Logger } from './log.ts'

/** The parts that shutdown ends, each in its turn (`stop-server.ts`). */
export interface RunningServer extends Assembly {
  readonly url: string
  readonly demo: DemoAccess | undefined
  readonly database: OpenDatabase
  /** Events need it until they have ended. */
  readonly payments: PaymentProvider
  readonly keys: KeyRing
}

/** Throws a StartupError for what its user can mend. `tracing` is for its numbers in `/metrics`. */
export function startServer(
  config: Config,
  log: Logger,
  tracing?: Pick<Tracing, 'openMetrics'>,
): Promise<RunningServer> {
  return tracedSpan('server.start', {}, async () => {
    await using opened = new AsyncDisposableStack()
    const database = await openDatabase({
      databaseUrl: config.databaseUrl,
      ownerUrl: config.databaseOwnerUrl,
      poolSize: config.databasePoolSize,
      statementTimeoutMs: config.databaseTimeoutMs,
      dataDir: config.dataDir,
      emptyCluster: config.emptyCluster,
      log: kyselyTracing({ system: 'postgresql', namespace: 'rustok' }),
    })
    opened.defer(() => database.close())
    const { jwtSecret: secret, jwtKeys: directory } = config
    const keys = loadKeyRing({ secret, directory })
    if (directory !== undefined) opened.use(watchKeys(keys, directory, log))
    const migrations = await database.asOwner(migrate)
    if (migrations.length > 0) log.info({ migrations }, 'database migrated')
    await checkRoles(database.access, log)
    const payments = await paymentProvider(config.payments)
    opened.defer(() => payments.close())
    const assembly = assemble({ ...config, payments: payments.settings }, log, database, keys, tracing)
    const tenants = config.demo ? demoTenants(config.demoTenants) : []
    if (config.demo) await seedDemo(assembly.tenants, assembly.passwords, tenants)
    opened.defer(() => assembly.app.close())
    const demo = config.demo ? await demoAccess(keys, tenants) : undefined
    const url = await listen(assembly.app, 'PORT', config)
    if (config.workers === 'internal') {
      assembly.events.start()
      assembly.retention.start()
    }
    opened.move()
    return { ...assembly, url, demo, database, payments, keys }
  })
}

/** `variable` names what sets the port. Resolves with the URL to reach it by. */
export async function listen(
  app: FastifyInstance,
  variable: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw listenError(error, variable, host, port)
  }
  const { address, port: actual, family } = app.server.address() as AddressInfo
  const reachable = address === '0.0.0.0' || address === '::' ? 'localhost' : address
  return `http://${family === 'IPv6' && reachable === address ? `[${address}]` : reachable}:${actual}`
}

function listenError(error: unknown, variable: string, host: string, port: number): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new StartupError(variable, `${port} on ${host} is already in use`, { cause: error })
    case 'EACCES':
      return new StartupError(
        variable,
        `${port} on ${host} needs privileges that this process does not have`,
        {
          cause: error,
        },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new StartupError('HOST', `cannot listen on "${host}": ${errorMessage(error)}`, { cause: error })
    default:
      return error
  }
}
