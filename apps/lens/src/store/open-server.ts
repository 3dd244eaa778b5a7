/** Opens the store on a ClickHouse of its own, or on a cluster of them, which other Lens processes may share. `openStore` loads it when one is configured. */

import type { Logger } from 'pino'
import { ClickHouseEngine } from './clickhouse-engine.ts'
import { migrationTimeout, viewsOf, whileOpen } from './open-database.ts'
import { clusterOf, singleServer } from './schema/dialect.ts'
import { migrateShared } from './schema/migrate.ts'
import { checkServer } from './server/check-server.ts'
import type { ServerOptions } from './server/server-options.ts'
import { startupFailure } from './server/startup-failure.ts'
import type { Store } from './store.ts'

export async function openServer(options: ServerOptions, log: Logger): Promise<Store> {
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
