/** Opens the store that the configuration names, the embedded one or a cluster, and brings its schema up to date. */

import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Logger } from 'pino'
import { StartupError } from '../startup-error.ts'
import { EngineProcess } from './embedded/engine-process.ts'
import { type ServerSettings, serverOptions } from './server/server-options.ts'
import type { Store } from './store.ts'

export type { Store }

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
    const { engine, ...views } = await openDatabase(process.address, database, `data directory ${directory}`)
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
  // Node.js can do it by itself, but says ENOENT of a read-only file system, and never comes back from one that makes no directories, such as /proc.
  if (existsSync(directory)) return
  make(dirname(directory))
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    // Another process that starts at the same time has made it: the server shares the directory around ours.
    if (!existsSync(directory)) throw error
  }
}
