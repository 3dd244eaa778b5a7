/** A store whose queries wait for their turn: what a request asks. */

import type { QueryOptions, QueryParameters, QueryRows, StoreEngine } from './engine.ts'
import type { QueryGate } from './query-gate.ts'

export class GatedEngine implements StoreEngine {
  readonly #engine: StoreEngine
  readonly #gate: QueryGate
  readonly #client: string

  constructor(engine: StoreEngine, gate: QueryGate, client: string) {
    this.#engine = engine
    this.#gate = gate
    this.#client = client
  }

  query<Row>(
    statement: string,
    parameters?: QueryParameters,
    options: QueryOptions = {},
  ): Promise<QueryRows<Row>> {
    return this.#gate.run(this.#client, options.signal, () =>
      this.#engine.query<Row>(statement, parameters, options),
    )
  }

  insert(table: string, columns: readonly string[], chunks: readonly Uint8Array[]): Promise<void> {
    return this.#engine.insert(table, columns, chunks)
  }

  command(statement: string, parameters?: QueryParameters): Promise<void> {
    return this.#engine.command(statement, parameters)
  }

  /** The store is closed by whoever opened it. */
  async close(): Promise<void> {}
}
