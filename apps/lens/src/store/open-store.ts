/** Opens the store that the configuration names, the embedded one or a cluster, and brings its schema up to date. */

import { access, constants, mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Logger } from 'pino'
import { StartupError } from '../startup-error.ts'
import { ClickHouseEngine } from './clickhouse-engine.ts'
import { EngineProcess } from './embedded/engine-process.ts'
import type { StoreEngine } from './engine.ts'
import { clusterOf, type SchemaDialect, singleServer } from './schema/dialect.ts'
import { migrate, migrateShared } from './schema/migrate.ts'
import { checkServer } from './server/check-server.ts'
import { type ServerOptions, type ServerSettings, serverOptions } from './server/server-options.ts'
import { startupFailure } from './server/startup-failure.ts'
import { Tenancy } from './tenancy/tenancy.ts'

export interface Store {
  readonly engine: StoreEngine
  /** How tables are called and changed: for retention and whatever else concerns storage. Queries need none of it. */
  readonly schema: SchemaDialect
  /** The store as one who may see these tenants sees it, for reading. */
  restrictedTo(tenants: readonly string[]): StoreEngine
  /** Whether the engine answers, however busy it is. */
  isAlive(): Promise<boolean>
  /** Resolves when a store that was lost can be asked again. */
  ready(): Promise<void>
  /** Of the embedded engine. */
  readonly pid: () => number | undefined
  close(): Promise<void>
}

export interface StoreOptions extends Partial<Omit<ServerSettings, 'clickhouseUrl'>> {
  readonly dataDirectory: string
  readonly clickhouseUrl: URL | undefined
}

/** Of the embedded engine. */
const database = 'lens'
/** A step of the schema may copy every span that there is. */
const migrationTimeout = 24 * 3600 * 1000

export async function openStore(options: StoreOptions, log: Logger): Promise<Store> {
  const { dataDirectory, clickhouseUrl } = options
  return clickhouseUrl === undefined
    ? openEmbedded(resolve(dataDirectory, 'lens'), log)
    : openServer(serverOptions({ ...options, clickhouseUrl }), log)
}

async function openEmbedded(directory: string, log: Logger): Promise<Store> {
  await makeWritable(directory)
  const process = await EngineProcess.start(directory, log)
  try {
    const address = { socket: process.socket }
    await whileOpen(new ClickHouseEngine(address, 'default'), (engine) =>
      engine.command(singleServer.createDatabase, { database }),
    )
    await whileOpen(new ClickHouseEngine(address, database, migrationTimeout), (engine) =>
      migrate(engine, `data directory ${directory}`),
    )
    const engine = new ClickHouseEngine(address, database)
    return {
      ...viewsOf(engine),
      schema: singleServer,
      ready: () => process.ready(),
      pid: () => process.pid,
      close: async () => {
        await engine.close()
        await process.close()
      },
    }
  } catch (error) {
    await process.close()
    throw error
  }
}

function viewsOf(engine: ClickHouseEngine): Pick<Store, 'engine' | 'restrictedTo' | 'isAlive'> {
  const tenancy = new Tenancy(engine)
  return { engine, restrictedTo: (tenants) => tenancy.restrictedTo(tenants), isAlive: () => engine.ping() }
}

async function openServer(options: ServerOptions, log: Logger): Promise<Store> {
  const schema = options.cluster === undefined ? singleServer : clusterOf(options.cluster)
  const place = `database ${options.database} of ${options.origin}`
  try {
    await whileOpen(new ClickHouseEngine(options, 'default'), async (engine) => {
      await checkServer(engine, options)
      await engine.command(schema.createDatabase, { database: options.database })
    })
    await whileOpen(new ClickHouseEngine(options, options.database, migrationTimeout), (engine) =>
      migrateShared(engine, place, schema, () =>
        log.info('another rustok-lens brings the schema up to date: waiting'),
      ),
    )
  } catch (error) {
    throw startupFailure(error, options)
  }
  const engine = new ClickHouseEngine(options, options.database)
  return {
    ...viewsOf(engine),
    schema,
    ready: async () => {},
    pid: () => undefined,
    close: () => engine.close(),
  }
}

async function whileOpen(
  engine: ClickHouseEngine,
  work: (engine: ClickHouseEngine) => Promise<void>,
): Promise<void> {
  try {
    await work(engine)
  } finally {
    await engine.close()
  }
}

async function makeWritable(directory: string): Promise<void> {
  try {
    const made = await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => error)
    // On a read-only file system Node.js says ENOENT of the new directory; its parent says why.
    if (made instanceof Error) await access(dirname(directory), constants.W_OK)
    if (made instanceof Error) throw made
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new StartupError(
      `data directory ${directory} cannot be written to (${reason}): set RUSTOK_DATA_DIR`,
    )
  }
}
