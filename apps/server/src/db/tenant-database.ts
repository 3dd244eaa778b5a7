/**
 * The only door to tenants' rows: a domain says for which tenant it reads or writes, and gets a connection for that. Queries name the
 * tenant as well; row-level security holds even where one forgets.
 */
import { tracedSpan } from '@rustok/telemetry'
import type { Kysely, Transaction } from 'kysely'
import type { EventDraft } from '../events/envelope.ts'
import type { EventBus } from '../events/event-bus.ts'
import type { Engine } from './engine.ts'
import { isSafeToRepeat, withRetries } from './retry.ts'
import type { Database } from './schema.ts'
import type { Scope } from './scope.ts'
import { ScopedDatabase } from './scoped-database.ts'

export interface UnitOfWork {
  readonly trx: Transaction<Database>
  /** Published once the transaction has committed; forgotten when it rolls back. */
  emit(event: EventDraft): void
}

export class TenantDatabase {
  readonly #database: ScopedDatabase
  readonly #bus: EventBus

  constructor(engine: Engine, bus: EventBus) {
    this.#database = new ScopedDatabase(engine)
    this.#bus = bus
  }

  /** Each query of `query` is a read-only transaction of its own, in one round trip. */
  read<T>(tenantId: string, query: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    return query(this.#database.reader({ tenantId }))
  }

  /**
   * `purpose` names what the transaction does; it is on the span around its statements. `work` must not read or write through this
   * object meanwhile: PGlite has one connection, and a pool can run dry of them.
   */
  async transact<T>(
    tenantId: string,
    purpose: string,
    work: (unit: UnitOfWork) => Promise<T>,
    options: { readonly repeatable?: boolean } = {},
  ): Promise<T> {
    let events: EventDraft[] = []
    const run = (trx: Transaction<Database>) => {
      events = []
      return work({ trx, emit: (event) => void events.push(event) })
    }
    const result = await this.#transaction({ tenantId }, purpose, run, options.repeatable)
    for (const event of events) await this.#bus.publish(event)
    return result
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
