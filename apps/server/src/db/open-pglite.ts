/**
 * Opens PGlite in memory or in a directory. A new directory is made aside and renamed when it is whole: PGlite takes one whose first
 * start was interrupted for a database, and would fail on it for good.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'

/** The caller has the directory for itself (`lockDirectory`). */
export async function openPGlite(directory: string | undefined): Promise<PGlite> {
  if (directory === undefined) return PGlite.create()
  if (!existsSync(directory)) await createAside(directory)
  return PGlite.create(directory)
}

async function createAside(directory: string): Promise<void> {
  const aside = `${directory}.new`
  rmSync(aside, { recursive: true, force: true })
  const pglite = await PGlite.create(aside)
  await pglite.close()
  renameSync(aside, directory)
}
