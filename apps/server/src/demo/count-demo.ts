/** How much of the demo is in a database, so that `seed` can say what it added. */
import { sql } from 'kysely'
import type { TenantDatabase } from '../db/tenant-database.ts'
import type { DemoTenant } from './demo-data.ts'

const TABLES = ['users', 'nodes', 'products'] as const

export type DemoCounts = Readonly<Record<'tenants' | (typeof TABLES)[number], number>>

/** Of the demo tenants alone, with what others have added to them since. */
export async function countDemo(
  database: TenantDatabase,
  tenants: readonly DemoTenant[],
): Promise<DemoCounts> {
  const there = await database.system('seed', (trx) => trx.selectFrom('tenants').select('id').execute())
  const known = tenants.filter(({ id }) => there.some((tenant) => tenant.id === id))
  const counts = { tenants: known.length, users: 0, nodes: 0, products: 0 }
  for (const { id } of known) {
    for (const table of TABLES) {
      const { rows } = await database.read(id, (db) =>
        db
          .selectFrom(table)
          .select(sql<number>`cast(count(*) as integer)`.as('rows'))
          .where('tenant_id', '=', id)
          .executeTakeFirstOrThrow(),
      )
      counts[table] += rows
    }
  }
  return counts
}
