/** Opens the store that the configuration names, the embedded one or a cluster, and brings its schema up to date. */

import { access, constants, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Logger } from 'pino'
import { StartupError } from '../startup-error.ts'
import { ClickHouseEngine } from './clickhouse-engine.ts'
import { EngineProcess } from './embedded/engine-process.ts'
import type { StoreEngine } from './engine.ts'
import { migrate } from './schema/migrate.ts'
import { Tenancy } from './tenancy/tenancy.ts'

export interface Store {
  readonly engine: StoreEngine
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

export interface StoreOptions {
  readonly dataDirectory: string
  readonly clickhouseUrl: URL | undefined
}

const defaultDatabase = 'lens'

export function openStore({ dataDirectory, clickhouseUrl }: StoreOptions, log: Logger): Promise<Store> {
  return clickhouseUrl === undefined
    ? openEmbedded(resolve(dataDirectory, 'lens'), log)
    : openCluster(clickhouseUrl)
}

async function openEmbedded(directory: string, log: Logger): Promise<Store> {
  await makeWritable(directory)
  const process = await EngineProcess.start(directory, log)
  try {
    const engine = await prepare({ socket: process.socket }, defaultDatabase, `data directory ${directory}`)
    return {
      ...viewsOf(engine),
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

async function openCluster(url: URL): Promise<Store> {
  const place = `LENS_CLICKHOUSE_URL ${url.origin}`
  const address = new URL(url)
  address.pathname = ''
  try {
    const database = decodeURIComponent(url.pathname.slice(1)) || defaultDatabase
    const engine = await prepare({ url: address }, database, place)
    return { ...viewsOf(engine), ready: async () => {}, pid: () => undefined, close: () => engine.close() }
  } catch (error) {
    if (error instanceof StartupError) throw error
    throw new StartupError(`${place} cannot be used: ${error instanceof Error ? error.message : error}`)
  }
}

async function prepare(
  address: { socket: string } | { url: URL },
  database: string,
  place: string,
): Promise<ClickHouseEngine> {
  const bootstrap = new ClickHouseEngine(address, 'default')
  await bootstrap.command('CREATE DATABASE IF NOT EXISTS {database:Identifier}', { database })
  await bootstrap.close()
  const engine = new ClickHouseEngine(address, database)
  try {
    await migrate(engine, place)
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function makeWritable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new StartupError(
      `data directory ${directory} cannot be written to (${reason}): set RUSTOK_DATA_DIR`,
    )
  }
}
