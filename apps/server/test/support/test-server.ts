/** A whole server in this process: PGlite in memory, demo tenants, a port of its own; for tests that talk to it over HTTP. */
import { Writable } from 'node:stream'
import type { Tracing } from '@rustok/telemetry'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Config } from '../../src/config.ts'
import type { Database } from '../../src/db/schema.ts'
import type { DemoUser } from '../../src/demo/demo-access.ts'
import { createLogger, type Logger } from '../../src/log.ts'
import { type RunningServer, startServer } from '../../src/start.ts'
import { stopServer } from '../../src/stop-server.ts'
import { emptyCluster } from './empty-cluster.ts'

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export interface TestServer extends RunningServer {
  readonly log: Logger
  /** Every tenant's rows, as no request sees them. */
  readonly owner: Kysely<Database>
  /** All lines so far, at level debug. */
  readonly lines: readonly LogLine[]
  user(id: string): DemoUser
  stop(flushTelemetry?: () => Promise<void>): Promise<boolean>
}

/** `superuserUrl` where the database is a Postgres server, whose owner the policies bind. */
export async function startTestServer(
  overrides: Partial<Config> = {},
  superuserUrl?: string,
  tracing?: Tracing,
): Promise<TestServer> {
  const lines: LogLine[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const log = createLogger({ level: 'debug', format: 'json', destination })
  const server = await startServer(
    {
      production: false,
      host: '127.0.0.1',
      port: 0,
      dataDir: undefined,
      emptyCluster: await emptyCluster(),
      databaseUrl: undefined,
      databaseOwnerUrl: undefined,
      databasePoolSize: 10,
      databaseTimeoutMs: 10_000,
      trustedProxies: [],
      logLevel: 'debug',
      logFormat: 'json',
      demo: true,
      demoTenants: 2,
      jwtSecret: undefined,
      jwtKeys: undefined,
      workers: 'internal',
      workerPort: 0,
      nats: undefined,
      webhook: undefined,
      passwordReset: undefined,
      payments: undefined,
      ...overrides,
    },
    log,
    tracing,
  )
  const owner =
    superuserUrl === undefined ? await server.database.asOwner(async (db) => db) : superuser(superuserUrl)
  return {
    ...server,
    log,
    owner,
    lines,
    user(id) {
      const user = server.demo?.tenants.flatMap((tenant) => tenant.users).find((known) => known.id === id)
      if (user === undefined) throw new Error(`there is no demo user ${id}`)
      return user
    },
    async stop(flushTelemetry = async () => {}) {
      if (superuserUrl !== undefined) await owner.destroy()
      return stopServer(server, flushTelemetry, log)
    },
  }
}

function superuser(connectionString: string): Kysely<Database> {
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString, max: 2 }) }),
  })
}
