/** What everything else of Lens knows of its store, wherever it is. `openStore` opens one. */

import type { StoreEngine } from './engine.ts'
import type { SchemaDialect } from './schema/dialect.ts'

export interface Store {
  readonly engine: StoreEngine
  /** How tables are called and changed: for retention and whatever else concerns storage. Queries need none of it. */
  readonly schema: SchemaDialect
  /** The store as one who may see these tenants sees it, for reading. */
  restrictedTo(tenants: readonly string[]): StoreEngine
  /** Whether the engine answers, however busy it is. */
  isAlive(): Promise<boolean>
  /** Resolves when a store that was lost can be asked again. */
  ready(): Promise<void>
  /** Of the embedded engine. */
  readonly pid: () => number | undefined
  close(): Promise<void>
}
