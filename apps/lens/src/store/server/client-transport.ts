/** Statements to a ClickHouse over HTTP(S), with its own client. */

import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  type ClickHouseClient,
  type ClickHouseClientConfigOptions,
  ClickHouseLogLevel,
  createClient,
} from '@clickhouse/client'
import type { Statement, Transport } from '../transport.ts'
import { connectionSettings } from './connection-settings.ts'
import type { ServerOptions } from './server-options.ts'

/** To a server, for queries and for writes each. What runs at once is bounded before it gets here. */
const mostConnections = 32

/** Who asks whether the store is ready gives up about then. */
const pingTimeout = 2_000

export class ClientTransport implements Transport {
  /** Connections of its own for each, so that many slow queries leave room for inserts. */
  readonly #queries: ClickHouseClient
  readonly #writes: ClickHouseClient

  constructor(server: ServerOptions, database: string, timeout: number) {
    const { origin, user, password, ca } = server
    const options: ClickHouseClientConfigOptions = {
      url: origin,
      username: user,
      password,
      max_open_connections: mostConnections,
      ...(ca === undefined ? {} : { tls: { ca_cert: ca } }),
      database,
      request_timeout: timeout,
      log: { level: ClickHouseLogLevel.OFF },
    }
    const { queries, inserts } = connectionSettings(server)
    this.#queries = createClient({ ...options, clickhouse_settings: queries })
    this.#writes = createClient({ ...options, clickhouse_settings: inserts })
  }

  async json(statement: Statement): Promise<unknown> {
    const result = await this.#queries.query({ ...asked(statement), format: 'JSON' })
    return result.json()
  }

  async native({ text, ...rest }: Statement): Promise<Uint8Array> {
    const { clickhouse_settings, ...question } = asked({ ...rest, text: `${text} FORMAT Native` })
    const { stream } = await this.#queries.exec({
      ...question,
      // What fails on its way is told instead of an answer, not after a part of one.
      clickhouse_settings: { ...clickhouse_settings, wait_end_of_query: 1 },
    })
    return buffer(stream)
  }

  async command(statement: Statement): Promise<void> {
    await this.#writes.command(asked(statement))
  }

  async insert(into: string, chunks: readonly Uint8Array[], settings: Statement['settings']): Promise<void> {
    const { stream } = await this.#writes.exec({
      query: `${into} FORMAT Native`,
      values: Readable.from(chunks, { objectMode: false }),
      clickhouse_settings: settings,
    })
    // The connection is free when its answer was read.
    for await (const _ of stream);
  }

  /** Without waiting for statements. */
  async ping(): Promise<boolean> {
    const { success } = await this.#queries.ping({
      select: false,
      abort_signal: AbortSignal.timeout(pingTimeout),
    })
    return success
  }

  async close(): Promise<void> {
    await Promise.all([this.#queries.close(), this.#writes.close()])
  }
}

function asked({ text, parameters, settings, signal }: Statement) {
  return {
    query: text,
    query_params: parameters,
    ...(signal === undefined ? {} : { abort_signal: signal }),
    clickhouse_settings: settings,
  }
}
