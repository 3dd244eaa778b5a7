/** StoreEngine over ClickHouse's HTTP interface: to the embedded engine through its Unix socket, or to a cluster by its URL. */

import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client'
import { insertBytes, insertSeconds } from '../metrics/lens-metrics.ts'
import { Inbox } from './embedded/inbox.ts'
import type { QueryLimits, QueryOptions, QueryParameters, QueryRows, StoreEngine } from './engine.ts'
import { engineFailure } from './engine-failure.ts'
import { NativeColumns } from './native/read-columns.ts'
import { connectionSettings } from './server/connection-settings.ts'
import type { ServerOptions } from './server/server-options.ts'

/** Of the embedded engine, or of a server. */
export type EngineAddress = EmbeddedAddress | ServerOptions

interface EmbeddedAddress {
  readonly socket: string
  /** The data directory, where rows are left for the engine as files: a stream to it would stand still whenever this process is busy. */
  readonly directory?: string
}

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
/** To a server, for queries and for writes each. What runs at once is bounded before it gets here. */
const mostConnections = 32

/** Who asks whether the store is ready gives up about then. */
const pingTimeout = 2_000

export class ClickHouseEngine implements StoreEngine {
  /** Connections of its own for each, so that many slow queries leave room for inserts. */
  readonly #queries: ClickHouseClient
  readonly #writes: ClickHouseClient
  readonly #inbox: Inbox | undefined

  constructor(address: EngineAddress, database: string, timeout = requestTimeout) {
    const options: ClickHouseClientConfigOptions = {
      ...connection(address),
      database,
      request_timeout: timeout,
      log: { level: ClickHouseLogLevel.OFF },
    }
    const common: ClickHouseSettings = { output_format_json_quote_64bit_integers: 1, async_insert: 0 }
    const { queries, inserts } = 'socket' in address ? {} : connectionSettings(address)
    this.#queries = createClient({ ...options, clickhouse_settings: { ...common, ...queries } })
    this.#writes = createClient({ ...options, clickhouse_settings: { ...common, ...inserts } })
    this.#inbox =
      'directory' in address && address.directory !== undefined ? new Inbox(address.directory) : undefined
  }

  async query<Row>(
    statement: string,
    parameters: QueryParameters = {},
    options: QueryOptions = {},
  ): Promise<QueryRows<Row>> {
    const { signal } = options
    const asked = { ...question(statement, parameters, options), format: 'JSON' } as const
    const result = await this.#attempt(this.#queries.query(asked), signal)
    const answer = await this.#attempt(result.json<Row>(), signal)
    const { data, rows_before_limit_at_least: before, statistics } = answer
    return {
      rows: data,
      rowsBeforeLimit: before ?? data.length,
      ...(statistics && { read: { rows: statistics.rows_read, bytes: statistics.bytes_read } }),
    }
  }

  async columns(
    statement: string,
    parameters: QueryParameters = {},
    { limits = columnLimits, ...rest }: QueryOptions = {},
  ): Promise<NativeColumns> {
    const options = { ...rest, limits }
    const { clickhouse_settings: settings, ...asked } = question(
      `${statement} FORMAT Native`,
      parameters,
      options,
    )
    const { stream } = await this.#attempt(
      // What fails on its way is told instead of an answer, not after a part of one.
      this.#queries.exec({ ...asked, clickhouse_settings: { ...settings, wait_end_of_query: 1 } }),
      options.signal,
    )
    const bytes = await this.#attempt(buffer(stream), options.signal)
    return new NativeColumns(bytes)
  }

  async insert(table: string, columns: readonly string[], chunks: readonly Uint8Array[]): Promise<void> {
    const began = performance.now()
    let outcome: 'stored' | 'failed' = 'failed'
    try {
      await this.#insert(`INSERT INTO ${table} (${columns.join(', ')})`, chunks)
      outcome = 'stored'
      for (const { length } of chunks) insertBytes.add(length, {})
    } finally {
      insertSeconds.observe((performance.now() - began) / 1000, { outcome })
    }
  }

  async #insert(into: string, chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#inbox === undefined) {
      return this.#write(`${into} FORMAT Native`, Readable.from(chunks, { objectMode: false }))
    }
    await this.#attempt(
      this.#inbox.with(chunks, (file) => this.#write(`${into} FROM INFILE '${file}' FORMAT Native`)),
    )
  }

  /** Resolves after the rows are on disk. */
  async #write(query: string, values?: Readable): Promise<void> {
    // Rows that replace each other are dealt with by merges and by queries; to do it here too doubles an insert's cost.
    const clickhouse_settings: ClickHouseSettings = { optimize_on_insert: 0 }
    const { stream } = await this.#attempt(
      this.#writes.exec({ query, ...(values && { values }), clickhouse_settings }),
    )
    // The connection is free when its answer was read.
    await this.#attempt(drain(stream))
  }

  /** Whether the engine answers at all, without waiting for statements. */
  async ping(): Promise<boolean> {
    const abort_signal = AbortSignal.timeout(pingTimeout)
    const { success } = await this.#queries.ping({ select: false, abort_signal })
    return success
  }

  async command(statement: string, parameters: QueryParameters = {}): Promise<void> {
    await this.#attempt(this.#writes.command({ query: statement, query_params: parameters }))
  }

  async close(): Promise<void> {
    await Promise.all([this.#queries.close(), this.#writes.close()])
  }

  async #attempt<Result>(result: Promise<Result>, signal?: AbortSignal): Promise<Result> {
    try {
      return await result
    } catch (error) {
      // Whatever it looks like to the connection: who asked has gone, and the store is well.
      signal?.throwIfAborted()
      throw engineFailure(error)
    }
  }
}

function question(
  query: string,
  parameters: QueryParameters,
  { signal, limits = interactiveLimits, tableFilters }: QueryOptions,
) {
  return {
    query,
    query_params: parameters,
    ...(signal === undefined ? {} : { abort_signal: signal }),
    clickhouse_settings: {
      max_execution_time: limits.seconds,
      max_memory_usage: String(limits.memoryBytes),
      max_result_rows: String(limits.resultRows),
      result_overflow_mode: 'throw',
      exact_rows_before_limit: 1,
      // A map's text form; the client's type for it would only be turned into that again.
      ...(tableFilters === undefined ? {} : { additional_table_filters: tableFilters as never }),
    } satisfies ClickHouseSettings,
  }
}

function connection(address: EngineAddress): ClickHouseClientConfigOptions {
  if ('socket' in address) return { url: 'http://engine', http_agent: new SocketAgent(address.socket) }
  const { origin, user, password, ca } = address
  return {
    url: origin,
    username: user,
    password,
    max_open_connections: mostConnections,
    ...(ca === undefined ? {} : { tls: { ca_cert: ca } }),
  }
}

/** Connects to the socket, whatever the URL says. */
class SocketAgent extends Agent {
  readonly #path: string

  constructor(path: string) {
    // An idle connection may belong to an engine that died since, or be lost with a query that is hung up on late; a fresh one costs 0.3 ms.
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
