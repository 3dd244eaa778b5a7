/**
 * Keeps a second process out of a PGlite directory, which two writers would corrupt. The lock is SQLite's, that is, the kernel's:
 * it goes with the process however that dies, so there are no stale locks, no process ids to compare and no race in taking
 * over. The id of the holder stands beside it in `server.pid`, for the message alone.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartupError } from '../errors.ts'

/** SQLITE_BUSY: somebody else has the lock. https://sqlite.org/rescode.html#busy */
const BUSY = 5

export interface DirectoryLock {
  release(): void
}

/** Throws a StartupError naming the directory and the process that has it. The directory must exist. */
export function lockDirectory(directory: string, variable: string): DirectoryLock {
  const pidFile = path.join(directory, 'server.pid')
  const database = new DatabaseSync(path.join(directory, 'server.lock'), { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw error
    throw new StartupError(variable, `${directory} is in use by another process${holder(pidFile)}`)
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return {
    release() {
      rmSync(pidFile, { force: true })
      database.close()
    },
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === BUSY
}

function holder(pidFile: string): string {
  try {
    return ` (pid ${Number.parseInt(readFileSync(pidFile, 'utf8'), 10)})`
  } catch {
    return ''
  }
}
