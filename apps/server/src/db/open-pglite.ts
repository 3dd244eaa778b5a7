/**
 * Opens PGlite in memory or in a directory. A directory is marked while it is being made: PGlite takes one whose first start was
 * interrupted for a database, and would fail on it for good; with the mark, the next start makes it anew.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'

/** In memory, where nothing is yet: from a dump of that, where there is one, in a quarter of the time that making it takes. */
export function openInMemory(emptyCluster: Blob | undefined): Promise<PGlite> {
  return PGlite.create(emptyCluster === undefined ? {} : { loadDataDir: emptyCluster })
}

/** The caller has the directory for itself (`lockDirectory`). */
export async function openPGlite(directory: string): Promise<PGlite> {
  const unfinished = `${directory}.unfinished`
  if (existsSync(directory) && !existsSync(unfinished)) return PGlite.create(directory)

  // In this order: whatever stands beside the mark has never been handed out, so nothing of anybody is in it.
  writeFileSync(unfinished, '')
  rmSync(directory, { recursive: true, force: true })
  const pglite = await PGlite.create(directory)
  rmSync(unfinished)
  return pglite
}
