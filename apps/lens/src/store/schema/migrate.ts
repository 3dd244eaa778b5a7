/** Brings a store to the schema of this Lens, step by step, and refuses one that a newer Lens has written. Called once at start. */

import { StartupError } from '../../startup-error.ts'
import type { StoreEngine } from '../engine.ts'
import { spans } from './0001-spans.ts'
import { singleServer } from './dialect.ts'
import type { Migration } from './migration.ts'

/** In order; a number is never used again. */
const migrations: readonly Migration[] = [spans]

const schemaVersion = Math.max(...migrations.map(({ version }) => version))

/** `place` names the store in messages. */
export async function migrate(engine: StoreEngine, place: string): Promise<void> {
  await engine.command(
    `CREATE TABLE IF NOT EXISTS schema_versions (version UInt32, name String, applied DateTime('UTC'))
     ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  )
  const { rows } = await engine.query<{ version: number }>('SELECT version FROM schema_versions')
  const applied = new Set(rows.map(({ version }) => version))
  const current = Math.max(0, ...applied)
  if (current > schemaVersion) {
    throw new StartupError(
      `${place} was written by a newer rustok-lens (schema ${current}, this one knows ${schemaVersion}): start the newer one or choose another directory with RUSTOK_DATA_DIR`,
    )
  }
  for (const migration of migrations) if (!applied.has(migration.version)) await apply(engine, migration)
}

async function apply(engine: StoreEngine, { version, name, statements }: Migration): Promise<void> {
  for (const statement of statements(singleServer)) await engine.command(statement)
  await engine.command(
    'INSERT INTO schema_versions SELECT {version:UInt32}, {name:String}, now() SETTINGS async_insert = 0',
    { version, name },
  )
}
