/**
 * One database, two engines, the same code above: PGlite in the data directory (one process, one connection) by default, a
 * Postgres server through a pool when DATABASE_URL names one. `start.ts` opens it; tenants' rows go through `TenantDatabase`.
 */
import path from 'node:path'
import { type Dialect, Kysely, type Logger, PostgresDialect } from 'kysely'
import pg from 'pg'
import { errorCode, errorMessage, StartupError } from '../errors.ts'
import { makeDirectory } from '../make-directory.ts'
import { lockDirectory } from './directory-lock.ts'
import type { Engine } from './engine.ts'
import { openInMemory, openPGlite } from './open-pglite.ts'
import { pgliteEngine } from './pglite-engine.ts'
import { postgresEngine } from './postgres-engine.ts'
import type { Database } from './schema.ts'

/** How long a request waits for a connection before it fails, rather than queueing behind a stuck pool. */
const CONNECT_TIMEOUT_MS = 3_000
/** PostgreSQL cancels a statement that takes longer. */
const STATEMENT_TIMEOUT_MS = 10_000
/** When it should have cancelled and says nothing, the connection is given up. */
const SILENCE_MS = 2_000
/** PostgreSQL ends a session that leaves a transaction open for so long, whatever became of its owner. */
const ABANDONED_MS = 60_000

export interface DatabaseOptions {
  readonly databaseUrl?: string | undefined
  /** The login that owns the tables, for migrations; without it, that of `databaseUrl`. */
  readonly ownerUrl?: string | undefined
  /** Where PGlite keeps its files; without it (and without a URL) the database is in memory. */
  readonly dataDir?: string | undefined
  /** A dump of an empty PGlite, for a quick start in memory. */
  readonly emptyCluster?: Blob | undefined
  readonly log?: Logger
  /** Connections to Postgres at most; 10 by default. */
  readonly poolSize?: number | undefined
  readonly connectTimeoutMs?: number | undefined
  readonly statementTimeoutMs?: number | undefined
}

export interface OpenDatabase {
  readonly engine: Engine['name']
  readonly access: Engine
  /** Migrations, as the role that owns the tables. Nothing that serves a request has business here. */
  asOwner<T>(work: (db: Kysely<Database>) => Promise<T>): Promise<T>
  /** Answers when the engine does. It goes past Kysely, so that probes leave no spans. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Throws a StartupError that names the directory or the server, and leaves nothing open then. */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  const { databaseUrl, ownerUrl, dataDir, log } = options
  const access = await (databaseUrl === undefined
    ? openEmbedded(dataDir, log, options.emptyCluster)
    : openPostgres(databaseUrl, options))
  const owner = kyselyOf(access.dialect, log)
  return {
    engine: access.name,
    access,
    asOwner: (work) =>
      databaseUrl === undefined || ownerUrl === undefined ? work(owner) : asLogin(ownerUrl, log, work),
    ping: () => access.ping(),
    async close() {
      await owner.destroy()
      await access.close()
    },
  }
}

function kyselyOf(dialect: Dialect, log: Logger | undefined): Kysely<Database> {
  return new Kysely<Database>({ dialect, ...(log === undefined ? {} : { log }) })
}

async function asLogin<T>(
  url: string,
  log: Logger | undefined,
  work: (db: Kysely<Database>) => Promise<T>,
): Promise<T> {
  const pool = await connect('DATABASE_OWNER_URL', url, { max: 2, application_name: 'rustok-server owner' })
  const db = kyselyOf(new PostgresDialect({ pool }), log)
  try {
    return await work(db)
  } finally {
    await db.destroy()
    if (!pool.ended) await pool.end()
  }
}

async function openEmbedded(
  dataDir: string | undefined,
  log: Logger | undefined,
  emptyCluster: Blob | undefined,
): Promise<Engine> {
  if (dataDir === undefined) return pgliteEngine(await openInMemory(emptyCluster), log, () => {})

  const directory = path.join(dataDir, 'pg')
  const lock = prepareDirectory(dataDir)
  try {
    return pgliteEngine(await openPGlite(directory), log, () => lock.release())
  } catch (error) {
    lock.release()
    throw new StartupError(
      'RUSTOK_DATA_DIR',
      `the database in ${directory} does not open: ${errorMessage(error)}`,
      { cause: error },
    )
  }
}

function prepareDirectory(dataDir: string) {
  try {
    makeDirectory(dataDir)
    return lockDirectory(dataDir, 'RUSTOK_DATA_DIR')
  } catch (error) {
    if (error instanceof StartupError) throw error
    throw new StartupError('RUSTOK_DATA_DIR', `cannot write to ${dataDir}: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}

async function openPostgres(url: string, options: DatabaseOptions): Promise<Engine> {
  const statementTimeout = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS
  // The engine relies on it, and the driver's types do not know it yet.
  const config: pg.PoolConfig & { pipeline: boolean } = {
    application_name: 'rustok-server',
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout + SILENCE_MS,
    idle_in_transaction_session_timeout: ABANDONED_MS,
    keepAlive: true,
    pipeline: true,
  }
  return postgresEngine(await connect('DATABASE_URL', url, config), options.log)
}

async function connect(variable: string, connectionString: string, config: pg.PoolConfig): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, ...config })
  // An idle connection that the server ends is replaced on the next use; without a listener it would end the process.
  pool.on('error', () => {})
  try {
    await pool.query('select 1')
    return pool
  } catch (error) {
    await pool.end()
    const { hostname, port } = new URL(connectionString)
    const reason = errorMessage(error) || errorCode(error)
    throw new StartupError(variable, `no connection to Postgres at ${hostname}:${port || 5432}: ${reason}`, {
      cause: error,
    })
  }
}
