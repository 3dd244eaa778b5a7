/**
 * One database, two engines, the same code above: PGlite in the data directory (one process, one connection) by default, a
 * Postgres server through a pool when DATABASE_URL names one. `start.ts` opens it, everything else gets the Kysely.
 */
import path from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { type Dialect, Kysely, type LogConfig, PGliteDialect, PostgresDialect } from 'kysely'
import pg from 'pg'
import { errorCode, errorMessage, StartupError } from '../errors.ts'
import { makeDirectory } from '../make-directory.ts'
import { lockDirectory } from './directory-lock.ts'
import { openPGlite } from './open-pglite.ts'
import type { Database } from './schema.ts'

/** How long a request waits for a connection before it fails, rather than queueing behind a stuck pool. */
const CONNECT_TIMEOUT_MS = 5_000
/** PostgreSQL cancels a statement that takes longer; nothing here legitimately does. */
const STATEMENT_TIMEOUT_MS = 30_000

export interface DatabaseOptions {
  readonly databaseUrl?: string | undefined
  /** Where PGlite keeps its files; without it (and without a URL) the database is in memory. */
  readonly dataDir?: string | undefined
  readonly log?: LogConfig
}

export interface OpenDatabase {
  readonly db: Kysely<Database>
  readonly engine: 'pglite' | 'postgres'
  /** Answers when the engine does. It goes past Kysely, so that probes leave no spans. */
  ping(): Promise<void>
  close(): Promise<void>
}

interface Engine {
  readonly name: OpenDatabase['engine']
  readonly dialect: Dialect
  ping(): Promise<unknown>
  /** After Kysely has closed its driver, which it does only once it has run a query. */
  close(): Promise<void>
}

/** Throws a StartupError that names the directory or the server, and leaves nothing open then. */
export async function openDatabase(options: DatabaseOptions): Promise<OpenDatabase> {
  const engine =
    options.databaseUrl === undefined ? await embedded(options.dataDir) : await remote(options.databaseUrl)
  const db = new Kysely<Database>({
    dialect: engine.dialect,
    ...(options.log === undefined ? {} : { log: options.log }),
  })
  return {
    db,
    engine: engine.name,
    ping: async () => void (await engine.ping()),
    async close() {
      await db.destroy()
      await engine.close()
    },
  }
}

async function embedded(dataDir: string | undefined): Promise<Engine> {
  if (dataDir === undefined) return pgliteEngine(await openPGlite(undefined), () => {})

  const directory = path.join(dataDir, 'pg')
  const lock = prepareDirectory(dataDir)
  try {
    return pgliteEngine(await openPGlite(directory), () => lock.release())
  } catch (error) {
    lock.release()
    throw new StartupError(
      'RUSTOK_DATA_DIR',
      `the database in ${directory} does not open: ${errorMessage(error)}`,
      { cause: error },
    )
  }
}

function pgliteEngine(pglite: PGlite, release: () => void): Engine {
  return {
    name: 'pglite',
    dialect: new PGliteDialect({ pglite }),
    ping: () => pglite.query('select 1'),
    async close() {
      if (!pglite.closed) await pglite.close()
      release()
    },
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

async function remote(connectionString: string): Promise<Engine> {
  const pool = new pg.Pool({
    connectionString,
    application_name: 'rustok-server',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  })
  // An idle connection that the server ends is replaced on the next use; without a listener it would end the process.
  pool.on('error', () => {})
  const ping = () => pool.query('select 1')
  try {
    await ping()
  } catch (error) {
    await pool.end()
    const { hostname, port } = new URL(connectionString)
    const reason = errorMessage(error) || errorCode(error)
    throw new StartupError(
      'DATABASE_URL',
      `no connection to Postgres at ${hostname}:${port || 5432}: ${reason}`,
      {
        cause: error,
      },
    )
  }
  return {
    name: 'postgres',
    dialect: new PostgresDialect({ pool }),
    ping,
    close: async () => void (pool.ended || (await pool.end())),
  }
}
