/**
 * A PostgreSQL server through a pool. Connections are pipelined: a read's `begin`, statement and `commit` leave together and take one
 * round trip, as a bare statement would; a transaction's first statement leaves with its `begin`.
 */
import type { Writable } from 'node:stream'
import {
  AbortedTransactionError,
  type CompiledQuery,
  type DatabaseConnection,
  type Logger,
  PostgresDialect,
  type QueryResult,
} from 'kysely'
import type pg from 'pg'
import { errorCode } from '../errors.ts'
import { DatabaseUnavailable, explainFailure } from './database-errors.ts'
import type { Engine, PoolState } from './engine.ts'
import { listenToPostgres } from './postgres-notices.ts'
import { enterScope } from './scope.ts'
import { logged } from './statement-log.ts'

/** Callers in line for a connection. Beyond them the line is hopeless: whoever comes is told at once. */
const MAX_WAITING = 500

export function postgresEngine(pool: pg.Pool, log: Logger | undefined): Engine {
  return {
    name: 'postgres',
    dialect: new PostgresDialect({ pool }),

    async once(scope, statement) {
      const begin = `begin read only; ${enterScope(scope)}`
      return withClient(pool, (client) =>
        explained('statement', () =>
          logged(log, statement, async () => {
            const [begun, answered, ended] = await inOnePacket(client, () =>
              Promise.allSettled([
                client.query(begin),
                client.query(statement.sql, [...statement.parameters]),
                client.query('commit'),
              ]),
            )
            // What fails first makes the others fail, too: it is the one that tells why.
            if (begun.status === 'rejected') throw begun.reason
            if (answered.status === 'rejected') throw answered.reason
            if (ended.status === 'rejected') throw ended.reason
            return toResult(answered.value)
          }),
        ),
      )
    },

    async transaction(scope, work) {
      const begin = `begin; ${enterScope(scope)}`
      return withClient(pool, async (client) => {
        const connection = new PostgresConnection(client, begin, log)
        try {
          const result = await work(connection)
          await connection.commit()
          return result
        } catch (error) {
          await connection.rollback()
          throw error
        }
      })
    },

    ping: () =>
      withClient(pool, (client) => explained('statement', async () => void (await client.query('select 1')))),
    pool: () => poolState(pool),
    listen: (channel, onNotice) =>
      listenToPostgres({ connectionString: pool.options.connectionString }, channel, onNotice),
    close: async () => void (pool.ended || (await pool.end())),
  }
}

function poolState(pool: pg.Pool): PoolState {
  return {
    max: pool.options.max,
    open: pool.totalCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
  }
}

/** A client that is not certainly outside a transaction afterwards is closed, not given to the next one. */
async function withClient<T>(pool: pg.Pool, use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await connect(pool)
  // Without a listener, a connection that breaks while it is in use ends the process; its statement fails anyway.
  client.on('error', ignore)
  try {
    return await use(client)
  } finally {
    client.off('error', ignore)
    client.release(!isOutsideTransaction(client))
  }
}

/** One write instead of three: of what a read costs more than its bare statement, that is half. */
function inOnePacket<T>(client: pg.PoolClient & { connection?: { stream?: Writable } }, send: () => T): T {
  const stream = client.connection?.stream
  stream?.cork()
  try {
    return send()
  } finally {
    stream?.uncork()
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  if (pool.waitingCount >= MAX_WAITING) throw new DatabaseUnavailable('exhausted', { cause: undefined })
  try {
    return await pool.connect()
  } catch (error) {
    const full = pool.totalCount >= pool.options.max
    throw full && !errorCode(error)
      ? new DatabaseUnavailable('exhausted', { cause: error })
      : explainFailure(error, 'connect')
  }
}

function ignore(): void {}

/** Around what is sent, not around what callers do in between: their errors are their own. */
async function explained<T>(phase: 'statement' | 'commit', send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    throw explainFailure(error, phase)
  }
}

/** In pg 8.23, not yet in its types: I, T or E, as the server's last ReadyForQuery said. */
function isOutsideTransaction(client: pg.PoolClient & { getTransactionStatus?(): string | null }): boolean {
  return client.getTransactionStatus?.() === 'I'
}

class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  readonly #log: Logger | undefined
  readonly #begun: Promise<unknown>
  #beginError: unknown
  #over = false

  constructor(client: pg.PoolClient, begin: string, log: Logger | undefined) {
    this.#client = client
    this.#log = log
    this.#begun = client.query(begin)
    this.#begun.catch((error) => {
      this.#beginError = error
    })
  }

  async executeQuery<R>(statement: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#over) throw new Error('the transaction is over')
    return explained('statement', () =>
      logged(this.#log, statement, async () => {
        try {
          const result = await this.#client.query(statement.sql, [...statement.parameters])
          return toResult(result) as QueryResult<R>
        } catch (error) {
          // Behind a `begin` that failed, a statement only learns that it was ignored.
          throw this.#beginError ?? error
        }
      }),
    )
  }

  streamQuery(): never {
    throw new Error('streaming is not supported in a transaction of a tenant')
  }

  async commit(): Promise<void> {
    await explained('statement', () => this.#begun)
    this.#over = true
    const { command } = await explained('commit', () => this.#client.query('commit'))
    // PostgreSQL answers so when a statement failed and `work` went on regardless.
    if (command === 'ROLLBACK') throw new AbortedTransactionError()
  }

  /** Never rejects: what matters is why. A connection that cannot roll back is closed by its owner. */
  async rollback(): Promise<void> {
    this.#over = true
    await this.#client.query('rollback').catch(() => {})
  }
}

function toResult({ command, rowCount, rows }: pg.QueryResult): QueryResult<unknown> {
  const affects = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE' || command === 'MERGE'
  return affects ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows }
}
