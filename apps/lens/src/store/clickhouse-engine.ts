/** StoreEngine over ClickHouse's HTTP interface: to the embedded engine through its Unix socket, or to a cluster by its URL. */

import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import {
  QueryLimitError,
  type QueryLimits,
  type QueryOptions,
  type QueryParameters,
  type QueryRows,
  type StoreEngine,
  StoreUnavailableError,
} from './engine.ts'

export type EngineAddress = { readonly socket: string } | { readonly url: URL }

/** For the statements of a page: a person waits for them. */
const interactiveLimits: QueryLimits = {
  seconds: 15,
  memoryBytes: 1024 * 1024 * 1024,
  resultRows: 500_000,
}

/** Longer than any statement's own limit, so that the engine's message arrives before ours. */
const requestTimeout = 120_000

export class ClickHouseEngine implements StoreEngine {
  readonly #client: ClickHouseClient

  constructor(address: EngineAddress, database: string) {
    this.#client = createClient({
      ...('url' in address
        ? { url: address.url }
        : { url: 'http://engine', http_agent: new SocketAgent(address.socket) }),
      database,
      request_timeout: requestTimeout,
      log: { level: ClickHouseLogLevel.OFF },
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1, async_insert: 0 },
    })
  }

  async query<Row>(
    statement: string,
    parameters: QueryParameters = {},
    { signal, limits = interactiveLimits, tableFilters }: QueryOptions = {},
  ): Promise<QueryRows<Row>> {
    const result = await this.#attempt(
      this.#client.query({
        query: statement,
        query_params: parameters,
        format: 'JSON',
        ...(signal === undefined ? {} : { abort_signal: signal }),
        clickhouse_settings: {
          max_execution_time: limits.seconds,
          max_memory_usage: String(limits.memoryBytes),
          max_result_rows: String(limits.resultRows),
          result_overflow_mode: 'throw',
          exact_rows_before_limit: 1,
          // A map's text form; the client's type for it would only be turned into that again.
          ...(tableFilters === undefined ? {} : { additional_table_filters: tableFilters as never }),
        },
      }),
    )
    const { data, rows_before_limit_at_least: before } = await this.#attempt(result.json<Row>())
    return { rows: data, rowsBeforeLimit: before ?? data.length }
  }

  async insert(table: string, columns: readonly string[], chunks: readonly Uint8Array[]): Promise<void> {
    const query = `INSERT INTO ${table} (${columns.join(', ')}) FORMAT Native`
    const { stream } = await this.#attempt(
      this.#client.exec({
        query,
        values: Readable.from(chunks, { objectMode: false }),
        // Rows that replace each other are dealt with by merges and by queries; to do it here too doubles an insert's cost.
        clickhouse_settings: { optimize_on_insert: 0 },
      }),
    )
    // The engine answers after the rows are on disk; the connection is free when its answer was read.
    await this.#attempt(drain(stream))
  }

  /** Whether the engine answers at all, without waiting for statements. */
  async ping(): Promise<boolean> {
    const { success } = await this.#client.ping()
    return success
  }

  async command(statement: string, parameters: QueryParameters = {}): Promise<void> {
    await this.#attempt(this.#client.command({ query: statement, query_params: parameters }))
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #attempt<Result>(result: Promise<Result>): Promise<Result> {
    try {
      return await result
    } catch (error) {
      throw classified(error)
    }
  }
}

/** Connects to the socket, whatever the URL says. */
class SocketAgent extends Agent {
  readonly #path: string

  constructor(path: string) {
    // An idle connection may belong to an engine that died since; a fresh one costs little on a Unix socket.
    super({ keepAlive: false, maxSockets: 64 })
    this.#path = path
  }

  override createConnection(): Socket {
    return connect({ path: this.#path })
  }
}

async function drain(stream: Readable): Promise<void> {
  for await (const _ of stream);
}

const connectionFailures = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
])

/** Codes of ClickHouse's ErrorCodes.cpp. */
const limitCodes = new Set(['158', '159', '160', '191', '241', '307', '396'])
const shutDownCodes = new Set(['236', '516'])

function classified(error: unknown): unknown {
  if (error instanceof ClickHouseError) {
    if (limitCodes.has(error.code)) return new QueryLimitError(error.message, { cause: error })
    if (shutDownCodes.has(error.code)) return new StoreUnavailableError(error.message, { cause: error })
    return error
  }
  if (!(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (connectionFailures.has(code) || /socket hang up|Timeout error|aborted/i.test(error.message)) {
    return new StoreUnavailableError(`the store does not answer: ${error.message}`, { cause: error })
  }
  return error
}
