/**
 * Brings the schema to the latest version at start-up, under Kysely's migration lock, so that several servers may start on
 * one Postgres at once. Migrations are imported, not read from a folder: a bundle or a compiled package has them too.
 */
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import * as identity from './migrations/0001-identity.ts'
import * as content from './migrations/0002-content.ts'
import * as contentStats from './migrations/0003-content-stats.ts'
import * as rowLevelSecurity from './migrations/0004-row-level-security.ts'
import * as outbox from './migrations/0005-outbox.ts'
import * as commerce from './migrations/0007-commerce.ts'
import * as access from './migrations/0009-access.ts'
import * as contentKinds from './migrations/0011-content-kinds.ts'
import * as contentSearch from './migrations/0012-content-search.ts'
import * as payments from './migrations/0013-payments.ts'
import * as readableMigrations from './migrations/0015-readable-migrations.ts'
import * as passwordResets from './migrations/0016-password-resets.ts'
import type { Database } from './schema.ts'

/** Applied in the order of their names; a name never changes once it was released. */
const MIGRATIONS: Record<string, Migration> = {
  '0001-identity': identity,
  '0002-content': content,
  '0003-content-stats': contentStats,
  '0004-row-level-security': rowLevelSecurity,
  '0005-outbox': outbox,
  '0007-commerce': commerce,
  '0009-access': access,
  '0011-content-kinds': contentKinds,
  '0012-content-search': contentSearch,
  '0013-payments': payments,
  '0015-readable-migrations': readableMigrations,
  '0016-password-resets': passwordResets,
}

/** Of all that this version knows. */
export function migrationNames(): readonly string[] {
  return Object.keys(MIGRATIONS)
}

/** The names of the migrations that were applied now. Throws the first failure; a failed migration leaves nothing. */
export async function migrate(db: Kysely<Database>): Promise<readonly string[]> {
  const { error, results = [] } = await migratorOf(db).migrateToLatest()
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')
    throw new Error(`migration ${failed?.migrationName ?? ''} failed`.replace('  ', ' '), { cause: error })
  }
  return results.map((result) => result.migrationName)
}

/** The names of those that this database does not have yet. Changes nothing. */
export async function pendingMigrations(db: Kysely<Database>): Promise<readonly string[]> {
  const all = await migratorOf(db).getMigrations()
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}

function migratorOf(db: Kysely<Database>): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
}
