/** StoreEngine over ClickHouse's statements: to the embedded engine through its socket, or to a cluster by its URL. */

import { insertBytes, insertSeconds } from '../metrics/lens-metrics.ts'
import { type SocketAddress, SocketTransport } from './embedded/socket-transport.ts'
import type { QueryLimits, QueryOptions, QueryParameters, QueryRows, StoreEngine } from './engine.ts'
import { engineFailure } from './engine-failure.ts'
import { IndexedParts } from './indexed-parts.ts'
import { NativeColumns } from './native/read-columns.ts'
import { ClientTransport } from './server/client-transport.ts'
import type { ServerOptions } from './server/server-options.ts'
import type { Statement, Transport } from './transport.ts'

/** Of the embedded engine, or of a server. */
export type EngineAddress = SocketAddress | ServerOptions

/** For the statements of a page: a person waits for them. */
const interactiveLimits: QueryLimits = {
  seconds: 15,
  memoryBytes: 512 * 1024 * 1024,
  resultRows: 500_000,
}

/** Columns are a tenth of rows, here and in the engine: a trace of a million spans is one answer. */
const columnLimits: QueryLimits = { ...interactiveLimits, resultRows: 2_000_000 }

/** Longer than any statement's own limit, so that the engine's message arrives before ours. */
const requestTimeout = 120_000

/** Of every statement, embedded or not. */
const common = { output_format_json_quote_64bit_integers: 1, async_insert: 0 } as const

interface JsonAnswer<Row> {
  readonly data: Row[]
  readonly rows_before_limit_at_least?: number
  readonly statistics?: { readonly rows_read: number; readonly bytes_read: number }
}

export class ClickHouseEngine implements StoreEngine {
  readonly indexedParts: IndexedParts | undefined
  readonly #transport: Transport

  constructor(address: EngineAddress, database: string, timeout = requestTimeout) {
    this.indexedParts = 'cluster' in address && address.cluster !== undefined ? undefined : new IndexedParts()
    this.#transport =
      'socket' in address
        ? new SocketTransport(address, database, timeout)
        : new ClientTransport(address, database, timeout)
  }

  async query<Row>(
    text: string,
    parameters: QueryParameters = {},
    options: QueryOptions = {},
  ): Promise<QueryRows<Row>> {
    const asked = this.#transport.json(question(text, parameters, options))
    const answer = (await attempt(asked, options.signal)) as JsonAnswer<Row>
    const { data, rows_before_limit_at_least: before, statistics } = answer
    return {
      rows: data,
      rowsBeforeLimit: before ?? data.length,
      ...(statistics && { read: { rows: statistics.rows_read, bytes: statistics.bytes_read } }),
    }
  }

  async columns(
    text: string,
    parameters: QueryParameters = {},
    { limits = columnLimits, ...rest }: QueryOptions = {},
  ): Promise<NativeColumns> {
    const asked = this.#transport.native(question(text, parameters, { ...rest, limits }))
    return new NativeColumns(await attempt(asked, rest.signal))
  }

  async insert(table: string, columns: readonly string[], chunks: readonly Uint8Array[]): Promise<void> {
    const began = performance.now()
    let outcome: 'stored' | 'failed' = 'failed'
    try {
      // Rows that replace each other are dealt with by merges and by queries; to do it here too doubles an insert's cost.
      const settings = { ...common, optimize_on_insert: 0 }
      await attempt(this.#transport.insert(`INSERT INTO ${table} (${columns.join(', ')})`, chunks, settings))
      outcome = 'stored'
      for (const { length } of chunks) insertBytes.add(length, {})
    } finally {
      insertSeconds.observe((performance.now() - began) / 1000, { outcome })
    }
  }

  /** Whether the engine answers at all, without waiting for statements. */
  ping(): Promise<boolean> {
    return this.#transport.ping()
  }

  async command(text: string, parameters: QueryParameters = {}): Promise<void> {
    await attempt(this.#transport.command({ text, parameters, settings: common }))
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}

async function attempt<Result>(result: Promise<Result>, signal?: AbortSignal): Promise<Result> {
  try {
    return await result
  } catch (error) {
    // Whatever it looks like to the connection: who asked has gone, and the store is well.
    signal?.throwIfAborted()
    throw engineFailure(error)
  }
}

function question(
  text: string,
  parameters: QueryParameters,
  { signal, limits = interactiveLimits, tableFilters }: QueryOptions,
): Statement {
  return {
    text,
    parameters,
    signal,
    settings: {
      ...common,
      max_execution_time: limits.seconds,
      max_memory_usage: String(limits.memoryBytes),
      max_result_rows: String(limits.resultRows),
      result_overflow_mode: 'throw',
      exact_rows_before_limit: 1,
      // A map's text form.
      ...(tableFilters === undefined ? {} : { additional_table_filters: tableFilters }),
    },
  }
}
