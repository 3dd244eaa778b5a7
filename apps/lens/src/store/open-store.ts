/** Opens the store that the configuration names, the embedded one or a cluster, and brings its schema up to date. */

import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Logger } from 'pino'
import { StartupError } from '../startup-error.ts'
import { EngineProcess } from './embedded/engine-process.ts'
import type { StoreEngine } from './engine.ts'
import type { SchemaDialect } from './schema/dialect.ts'
import { type ServerSettings, serverOptions } from './server/server-options.ts'

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

export async function openStore(options: StoreOptions, log: Logger): Promise<Store> {
  const { dataDirectory, clickhouseUrl } = options
  if (clickhouseUrl === undefined) return openEmbedded(resolve(dataDirectory, 'lens'), log)
  const { openServer } = await import('./open-server.ts')
  return openServer(serverOptions({ ...options, clickhouseUrl }), log)
}

async function openEmbedded(directory: string, log: Logger): Promise<Store> {
  makeWritable(directory)
  // The engine's process starts while this one loads what talks to it, 0.1 s.
  const starting = EngineProcess.start(directory, log)
  const [process, { openDatabase }] = await Promise.all([starting, import('./open-database.ts')])
  try {
    const address = { socket: process.socket }
    const { engine, ...views } = await openDatabase(address, database, `data directory ${directory}`)
    return {
      ...views,
      engine,
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

/** At once: what is asked of the system in turns waits behind the modules that are loaded meanwhile, and the engine's process with it. */
function makeWritable(directory: string): void {
  try {
    make(directory)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new StartupError(
      `data directory ${directory} cannot be written to (${reason}): set RUSTOK_DATA_DIR`,
    )
  }
}

function make(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    // On a read-only file system Node.js says ENOENT of the new directory; its parent says why.
    accessSync(dirname(directory), constants.W_OK)
    throw error
  }
}
