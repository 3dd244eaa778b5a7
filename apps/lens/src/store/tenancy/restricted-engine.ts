/** A store as one who may see some tenants sees it: every statement carries the filters of those tenants. It cannot write. */

import type { QueryOptions, QueryParameters, QueryRows, StoreEngine } from '../engine.ts'
import type { NativeColumns } from '../native/read-columns.ts'
import { StatementNotTenantedError, statementTables } from './statement-tables.ts'
import { type Relation, tableFilters } from './table-filters.ts'

/** Statements are few and fixed but for conditions; beyond this many they are read again. */
const mostRemembered = 2_000
const remembered = new Map<string, ReadonlySet<string>>()

export class RestrictedEngine implements StoreEngine {
  readonly isRestricted = true
  readonly #engine: StoreEngine
  readonly #relations: () => Promise<readonly Relation[]>
  readonly #tenants: readonly string[]

  constructor(
    engine: StoreEngine,
    relations: () => Promise<readonly Relation[]>,
    tenants: readonly string[],
  ) {
    this.#engine = engine
    this.#relations = relations
    this.#tenants = tenants
  }

  async query<Row>(
    statement: string,
    parameters?: QueryParameters,
    options?: QueryOptions,
  ): Promise<QueryRows<Row>> {
    return this.#engine.query<Row>(statement, parameters, await this.#restricted(statement, options))
  }

  async columns(
    statement: string,
    parameters?: QueryParameters,
    options?: QueryOptions,
  ): Promise<NativeColumns> {
    return this.#engine.columns(statement, parameters, await this.#restricted(statement, options))
  }

  async #restricted(statement: string, options: QueryOptions | undefined): Promise<QueryOptions> {
    const relations = await this.#relations()
    for (const table of tablesOf(statement)) {
      if (relations.some(({ name, hasTenant }) => hasTenant && name === table)) continue
      throw new StatementNotTenantedError(`${table} has no tenant to go by, in: ${statement}`)
    }
    return { ...options, tableFilters: tableFilters(relations, this.#tenants) }
  }

  async insert(): Promise<never> {
    throw new StatementNotTenantedError('this view of the store cannot be written to')
  }

  async command(): Promise<never> {
    throw new StatementNotTenantedError('this view of the store takes no commands')
  }

  /** The store is closed by whoever opened it. */
  async close(): Promise<void> {}
}

function tablesOf(statement: string): ReadonlySet<string> {
  const known = remembered.get(statement)
  if (known !== undefined) return known
  const tables = statementTables(statement)
  if (remembered.size >= mostRemembered) remembered.clear()
  remembered.set(statement, tables)
  return tables
}
