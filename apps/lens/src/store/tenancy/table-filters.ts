/**
 * What the engine adds to every table that a statement reads, wherever in it: ClickHouse's `additional_table_filters`. It is applied where rows are
 * read, before anything that the statement says, so that no statement has to remember the tenants.
 */

import type { StoreEngine } from '../engine.ts'

export interface Relation {
  readonly database: string
  readonly name: string
  /** Rows of one without a tenant are nobody's: a tenant-bound statement sees none. */
  readonly hasTenant: boolean
}

/** Every table and view of the store's own database. */
export async function relationsOf(engine: StoreEngine): Promise<readonly Relation[]> {
  const { rows } = await engine.query<{ database: string; name: string; hasTenant: number }>(
    `SELECT database, name, (database, name) IN (
       SELECT database, table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant'
     ) AND engine NOT LIKE '%View' AS hasTenant
     FROM system.tables WHERE database = currentDatabase() AND NOT is_temporary ORDER BY name`,
  )
  return rows.map((row) => ({ ...row, hasTenant: row.hasTenant === 1 }))
}

/** The setting's value. Tenants are written in hexadecimal: no character of theirs can end a literal. */
export function tableFilters(relations: readonly Relation[], tenants: readonly string[]): string {
  const literals = tenants.map((tenant) => `unhex('${Buffer.from(tenant, 'utf8').toString('hex')}')`)
  const ofTenants = literals.length === 0 ? '0' : `tenant IN (${literals.join(', ')})`
  // With the database: a cluster's shards apply them to their own tables, while another database is current.
  const filters = relations.map(
    ({ database, name, hasTenant }) =>
      `${quote(`${database}.${name}`)}: ${quote(hasTenant ? ofTenants : '0')}`,
  )
  return `{${filters.join(', ')}}`
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
