/** Brings a store to the schema of this Lens, step by step, and refuses one that a newer Lens has written. Called once at start. */

import { StartupError } from '../../startup-error.ts'
import type { StoreEngine } from '../engine.ts'
import { spans } from './0001-spans.ts'
import { spansByHour } from './0002-spans-by-hour.ts'
import { calls } from './0003-calls.ts'
import { logs } from './0004-logs.ts'
import { entries } from './0005-entries.ts'
import { youngParts } from './0006-young-parts.ts'
import { resources } from './0007-resources.ts'
import { smallMerges } from './0008-small-merges.ts'
import { type SchemaDialect, singleServer } from './dialect.ts'
import type { Migration } from './migration.ts'
import { consistently, durably, takeTurn } from './migration-turn.ts'

/** In order; a number is never used again. */
const migrations: readonly Migration[] = [
  spans,
  spansByHour,
  calls,
  logs,
  entries,
  youngParts,
  resources,
  smallMerges,
]

const schemaVersion = Math.max(...migrations.map(({ version }) => version))

/**
 * `place` names the store in messages, and `elsewhere` says how to choose another. For a store that nobody else has open. Fewer `steps` make the
 * store of an older Lens.
 */
export async function migrate(
  engine: StoreEngine,
  place: string,
  schema: SchemaDialect = singleServer,
  elsewhere = 'another directory with RUSTOK_DATA_DIR',
  steps = migrations,
): Promise<void> {
  for (const migration of await missing(engine, place, schema, elsewhere, steps)) {
    await apply(engine, schema, migration)
  }
}

/** The same for a store that others may have open, and be migrating at this moment. `onWait` is told when that is so. */
export async function migrateShared(
  engine: StoreEngine,
  place: string,
  schema: SchemaDialect,
  onWait: () => void,
): Promise<void> {
  const elsewhere = 'another database by the path of LENS_CLICKHOUSE_URL'
  const needed = await missing(engine, place, schema, elsewhere)
  if (needed.length === 0) return
  await takeTurn(engine, schema, onWait, () => migrate(engine, place, schema, elsewhere))
}

/** The steps that the store has not seen. Throws StartupError when it has seen one that we do not know. */
async function missing(
  engine: StoreEngine,
  place: string,
  schema: SchemaDialect,
  elsewhere: string,
  steps: readonly Migration[] = migrations,
): Promise<readonly Migration[]> {
  const columns = "version UInt32, name String, applied DateTime('UTC')"
  for (const statement of schema.sharedTable({ name: 'schema_versions', columns, orderBy: 'version' })) {
    await engine.command(statement)
  }
  const { rows } = await engine.query<{ version: number }>(
    `SELECT version FROM schema_versions ${consistently}`,
  )
  const applied = new Set(rows.map(({ version }) => version))
  const current = Math.max(0, ...applied)
  if (current > schemaVersion) {
    throw new StartupError(
      `${place} was written by a newer rustok-lens (schema ${current}, this one knows ${schemaVersion}): start the newer one or choose ${elsewhere}`,
    )
  }
  return steps.filter(({ version }) => !applied.has(version))
}

async function apply(
  engine: StoreEngine,
  schema: SchemaDialect,
  { version, name, statements }: Migration,
): Promise<void> {
  for (const statement of statements(schema)) await engine.command(statement)
  await engine.command(
    `INSERT INTO schema_versions (version, name, applied) SETTINGS ${durably}
     VALUES ({version:UInt32}, {name:String}, now())`,
    { version, name },
  )
}
