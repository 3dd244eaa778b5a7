/**
 * PostgreSQL within this process, one connection: PGlite serialises transactions itself. Its user is a superuser, which no policy
 * binds, so the role that each transaction enters is what isolates here.
 */
import type { PGlite, Transaction } from '@electric-sql/pglite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Logger,
  PGliteDialect,
  type QueryResult,
} from 'kysely'
import type { Engine } from './engine.ts'
import { enterScope, type Scope } from './scope.ts'
import { logged } from './statement-log.ts'

/** `release` runs once the database is closed. */
export function pgliteEngine(pglite: PGlite, log: Logger | undefined, release: () => void): Engine {
  const run = (trx: Transaction, statement: CompiledQuery) =>
    logged(log, statement, async () => toResult(await trx.query(statement.sql, [...statement.parameters])))

  let waiting = 0
  let busy = 0
  const begin = async <T>(scope: Scope, mode: string, work: (trx: Transaction) => Promise<T>): Promise<T> => {
    const enter = mode + enterScope(scope)
    waiting += 1
    let begun = false
    try {
      return await pglite.transaction(async (trx) => {
        begun = true
        waiting -= 1
        busy = 1
        await trx.exec(enter)
        return work(trx)
      })
    } finally {
      if (begun) busy = 0
      else waiting -= 1
    }
  }

  return {
    name: 'pglite',
    dialect: new PGliteDialect({ pglite }),
    once: (scope, statement) => begin(scope, 'set transaction read only; ', (trx) => run(trx, statement)),
    transaction: (scope, work) => begin(scope, '', (trx) => work(new PGliteConnection(trx, run))),
    ping: async () => void (await pglite.query('select 1')),
    pool: () => ({ max: 1, open: pglite.closed ? 0 : 1, idle: pglite.closed ? 0 : 1 - busy, waiting }),
    listen(channel, onNotice) {
      const unlisten = pglite.listen(channel, onNotice)
      unlisten.catch(() => {})
      return { close: () => unlisten.then((stop) => stop()).catch(() => {}) }
    },
    async close() {
      if (!pglite.closed) await pglite.close()
      release()
    },
  }
}

type Run = (trx: Transaction, statement: CompiledQuery) => Promise<QueryResult<unknown>>

class PGliteConnection implements DatabaseConnection {
  readonly #trx: Transaction
  readonly #run: Run

  constructor(trx: Transaction, run: Run) {
    this.#trx = trx
    this.#run = run
  }

  async executeQuery<R>(statement: CompiledQuery): Promise<QueryResult<R>> {
    return (await this.#run(this.#trx, statement)) as QueryResult<R>
  }

  streamQuery(): never {
    throw new Error('PGlite does not stream')
  }
}

function toResult(result: {
  readonly rows: unknown[]
  readonly affectedRows?: number
}): QueryResult<unknown> {
  const { rows, affectedRows } = result
  return affectedRows === undefined ? { rows } : { rows, numAffectedRows: BigInt(affectedRows) }
}
