/** Makes the database where there is none, brings its schema up to date, and gives the store's ways to ask it. The embedded store and a server's share it. */

import { ClickHouseEngine, type EngineAddress } from './clickhouse-engine.ts'
import { singleServer } from './schema/dialect.ts'
import { migrate } from './schema/migrate.ts'
import type { Store } from './store.ts'
import { Tenancy } from './tenancy/tenancy.ts'

/** A step of the schema may copy every span that there is. */
export const migrationTimeout = 24 * 3600 * 1000

export type StoreViews = Pick<Store, 'engine' | 'restrictedTo' | 'isAlive'>

/** Of an engine that nobody else uses; `place` names it in messages. */
export async function openDatabase(
  address: EngineAddress,
  database: string,
  place: string,
): Promise<StoreViews & Pick<Store, 'schema'>> {
  await whileOpen(new ClickHouseEngine(address, 'default'), (engine) =>
    engine.command(singleServer.createDatabase, { database }),
  )
  await whileOpen(new ClickHouseEngine(address, database, migrationTimeout), (engine) =>
    migrate(engine, place),
  )
  return { ...viewsOf(new ClickHouseEngine(address, database)), schema: singleServer }
}

export function viewsOf(engine: ClickHouseEngine): StoreViews {
  const tenancy = new Tenancy(engine)
  return { engine, restrictedTo: (tenants) => tenancy.restrictedTo(tenants), isAlive: () => engine.ping() }
}

export async function whileOpen(
  engine: ClickHouseEngine,
  work: (engine: ClickHouseEngine) => Promise<void>,
): Promise<void> {
  try {
    await work(engine)
  } finally {
    await engine.close()
  }
}
