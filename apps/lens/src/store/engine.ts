/**
 * What Lens asks of a column store, and nothing more: typed queries, bulk inserts of ready bytes, commands. `ClickHouseEngine` is its
 * one implementation, over ClickHouse's HTTP interface, for the embedded engine and for a cluster alike.
 */

import type { IndexedParts } from './indexed-parts.ts'
import type { NativeColumns } from './native/read-columns.ts'

export interface StoreEngine {
  /** True when it shows some tenants alone: tables without a tenant it refuses to read. */
  readonly isRestricted?: boolean

  /** What is known of its parts, where their indexes can be read by themselves: not on a cluster, and not of some tenants alone. */
  readonly indexedParts?: IndexedParts | undefined

  /** Rows of a SELECT, with values bound to its `{name:Type}` placeholders. 64-bit integers arrive as decimal strings. */
  query<Row>(statement: string, parameters?: QueryParameters, options?: QueryOptions): Promise<QueryRows<Row>>

  /**
   * The same as columns, for answers of many rows: a third of the time that `query` takes, in the engine and here. Of the types that NativeColumns
   * reads.
   */
  columns(statement: string, parameters?: QueryParameters, options?: QueryOptions): Promise<NativeColumns>

  /** Resolves when the rows are on disk. `chunks` are one or more blocks in ClickHouse's Native format. */
  insert(table: string, columns: readonly string[], chunks: readonly Uint8Array[]): Promise<void>

  /** A statement without a result, such as DDL. */
  command(statement: string, parameters?: QueryParameters): Promise<void>

  /** Ends what is in flight and releases the data directory. */
  close(): Promise<void>
}

export type QueryParameters = Readonly<
  Record<string, string | number | bigint | boolean | readonly string[] | readonly number[]>
>

export interface QueryOptions {
  /** Aborting it stops the query in the engine. */
  readonly signal?: AbortSignal | undefined
  readonly limits?: QueryLimits
  /** ClickHouse's `additional_table_filters`, as tenancy/table-filters.ts makes them. */
  readonly tableFilters?: string
}

export interface QueryLimits {
  readonly seconds: number
  readonly memoryBytes: number
  readonly resultRows: number
}

export interface QueryRows<Row> {
  readonly rows: readonly Row[]
  /** Rows that there were before the statement's LIMIT; exact, since the statements that use it group or sort. */
  readonly rowsBeforeLimit: number
  /** What the engine read for it. */
  readonly read?: { readonly rows: number; readonly bytes: number }
}

/** The store cannot be reached or is starting: the same call may succeed in a moment. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError'
}

/** Nothing can be stored until there is room; what is stored can be read. */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError'
}

/** The store refused a statement because it would take more time, memory or rows than its limits allow. */
export class QueryLimitError extends Error {
  override readonly name = 'QueryLimitError'
}
