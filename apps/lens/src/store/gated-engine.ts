/** A store whose queries wait for their turn: what a request asks. */

import { queryLimits } from '../metrics/lens-metrics.ts'
import {
  QueryLimitError,
  type QueryOptions,
  type QueryParameters,
  type QueryRows,
  type StoreEngine,
} from './engine.ts'
import type { IndexedParts } from './indexed-parts.ts'
import type { NativeColumns } from './native/read-columns.ts'
import { type QueryGate, QueryQueueError } from './query-gate.ts'
import { type Answered, announced } from './statement-channel.ts'

export class GatedEngine implements StoreEngine {
  readonly isRestricted: boolean
  readonly indexedParts: IndexedParts | undefined
  readonly #engine: StoreEngine
  readonly #gate: QueryGate
  readonly #client: string

  constructor(engine: StoreEngine, gate: QueryGate, client: string) {
    this.#engine = engine
    this.isRestricted = engine.isRestricted === true
    this.indexedParts = engine.indexedParts
    this.#gate = gate
    this.#client = client
  }

  query<Row>(
    statement: string,
    parameters?: QueryParameters,
    options?: QueryOptions,
  ): Promise<QueryRows<Row>> {
    return this.#inTurn(statement, options, () => this.#engine.query<Row>(statement, parameters, options))
  }

  columns(statement: string, parameters?: QueryParameters, options?: QueryOptions): Promise<NativeColumns> {
    return this.#inTurn(statement, options, () => this.#engine.columns(statement, parameters, options))
  }

  async #inTurn<Answer extends Answered>(
    statement: string,
    options: QueryOptions | undefined,
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    const asked = performance.now()
    try {
      return await this.#gate.run(this.#client, options?.signal, () =>
        announced({ statement, waitedMs: performance.now() - asked }, ask),
      )
    } catch (error) {
      if (error instanceof QueryQueueError) queryLimits.add(1, { limit: 'queue' })
      if (error instanceof QueryLimitError) queryLimits.add(1, { limit: 'resources' })
      throw error
    }
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
