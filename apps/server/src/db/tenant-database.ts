/**
 * The only door to tenants' rows: a domain says for which tenant it reads or writes, and gets a connection for that. Queries name the
 * tenant as well; row-level security holds even where one forgets.
 */
import { tracedSpan } from '@rustok/telemetry'
import type { Kysely, Transaction } from 'kysely'
import type { EventDraft } from '../events/envelope.ts'
import type { Outbox } from '../events/outbox/outbox.ts'
import type { Engine } from './engine.ts'
import { isSafeToRepeat, withRetries } from './retry.ts'
import type { Database } from './schema.ts'
import type { Scope } from './scope.ts'
import { ScopedDatabase } from './scoped-database.ts'

export interface UnitOfWork {
  readonly trx: Transaction<Database>
  /** Written to the outbox with the rest of the transaction, at its end: published once it has committed, gone when it rolls back. */
  emit(event: EventDraft): void
}

export class TenantDatabase {
  readonly #database: ScopedDatabase
  readonly #outbox: Outbox

  constructor(engine: Engine, outbox: Outbox) {
    this.#database = new ScopedDatabase(engine)
    this.#outbox = outbox
  }

  /** Each query of `query` is a read-only transaction of its own, in one round trip; one whose connection breaks is sent again. */
  read<T>(tenantId: string, query: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    return query(this.#database.reader({ tenantId }))
  }

  /**
   * `purpose` names what the transaction does; it is on the span around its statements. `work` must not read or write through this
   * object meanwhile: PGlite has one connection, and a pool can run dry of them. It runs once, unless `repeatable` says that it has no effect
   * but those on `trx` and `emit`: then it runs again after a deadlock, a serialization failure or a broken connection,
   * where it is certain that nothing was committed.
   */
  async transact<T>(
    tenantId: string,
    purpose: string,
    work: (unit: UnitOfWork) => Promise<T>,
    options: { readonly repeatable?: boolean } = {},
  ): Promise<T> {
    const run = async (trx: Transaction<Database>) => {
      const events: EventDraft[] = []
      const result = await work({ trx, emit: (event) => void events.push(event) })
      if (events.length > 0) await this.#outbox.append(trx, events)
      return result
    }
    return this.#transaction({ tenantId }, purpose, run, options.repeatable)
  }

  /** For what belongs to no tenant (outbox, deliveries, the list of tenants); no tenant's rows can be seen from here. */
  system<T>(purpose: string, work: (trx: Transaction<Database>) => Promise<T>): Promise<T> {
    return this.#transaction('system', purpose, work)
  }

  #transaction<T>(
    scope: Scope,
    purpose: string,
    work: (trx: Transaction<Database>) => Promise<T>,
    repeatable = false,
  ): Promise<T> {
    const attributes = { 'db.system.name': 'postgresql', 'rustok.transaction.purpose': purpose }
    return tracedSpan('transaction', attributes, (span) => {
      let attempts = 0
      const attempt = () => {
        attempts += 1
        if (attempts > 1) span.setAttribute('rustok.transaction.attempts', attempts)
        return this.#database.transaction(scope, work)
      }
      return repeatable ? withRetries(attempt, isSafeToRepeat) : attempt()
    })
  }
}
