/**
 * Kysely for one scope: queries that are built with it can only run as that scope. `TenantDatabase` hands these out; nothing else
 * opens a way to the application's tables.
 */
import {
  type ConnectionProvider,
  type DatabaseConnection,
  DefaultQueryExecutor,
  DummyDriver,
  Kysely,
  SingleConnectionProvider,
  Transaction,
} from 'kysely'
import type { Engine } from './engine.ts'
import { isSafeToRepeat, withRetries } from './retry.ts'
import type { Database } from './schema.ts'
import type { Scope } from './scope.ts'

export class ScopedDatabase {
  readonly #engine: Engine
  readonly #compiler
  readonly #adapter
  readonly #driver = new DummyDriver()

  constructor(engine: Engine) {
    this.#engine = engine
    this.#compiler = engine.dialect.createQueryCompiler()
    this.#adapter = engine.dialect.createAdapter()
  }

  /** Reads alone: each of its queries is a read-only transaction of its own. */
  reader(scope: Scope): Kysely<Database> {
    const connection: DatabaseConnection = {
      executeQuery: (statement) =>
        withRetries(() => this.#engine.once(scope, statement) as Promise<never>, isSafeToRepeat),
      streamQuery: () => {
        throw new Error('streaming is not supported')
      },
    }
    return new Kysely<Database>(this.#props({ provideConnection: (use) => use(connection) }))
  }

  transaction<T>(scope: Scope, work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
    return this.#engine.transaction(scope, (connection) =>
      work(new Transaction<Database>(this.#props(new SingleConnectionProvider(connection)))),
    )
  }

  #props(provider: ConnectionProvider) {
    const { dialect } = this.#engine
    const executor = new DefaultQueryExecutor(this.#compiler, this.#adapter, provider)
    return { config: { dialect }, dialect, driver: this.#driver, executor }
  }
}
