/** Makes the views of a store that show some tenants alone. `open-store` has one a store. */

import type { StoreEngine } from '../engine.ts'
import { RestrictedEngine } from './restricted-engine.ts'
import { type Relation, relationsOf } from './table-filters.ts'

export class Tenancy {
  readonly #engine: StoreEngine
  /** Read when first needed: the schema is up to date by then, and changes only when Lens does. */
  #relations: Promise<readonly Relation[]> | undefined

  constructor(engine: StoreEngine) {
    this.#engine = engine
  }

  restrictedTo(tenants: readonly string[]): StoreEngine {
    return new RestrictedEngine(this.#engine, () => this.#known(), tenants)
  }

  #known(): Promise<readonly Relation[]> {
    this.#relations ??= relationsOf(this.#engine).catch((error: unknown) => {
      this.#relations = undefined
      throw error
    })
    return this.#relations
  }
}
