/**
 * The only door to tenants' rows: a domain says for which tenant it reads or writes, and gets a connection for that. Queries still
 * name the tenant; row-level security, once it is there, is set here and holds even where one forgets.
 */
import { tracedSpan } from '@rustok/telemetry'
import type { Kysely, Transaction } from 'kysely'
import type { EventDraft } from '../events/envelope.ts'
import type { EventBus } from '../events/event-bus.ts'
import type { Database } from './schema.ts'

export interface UnitOfWork {
  readonly trx: Transaction<Database>
  /** Published once the transaction has committed; forgotten when it rolls back. */
  emit(event: EventDraft): void
}

export class TenantDatabase {
  readonly #db: Kysely<Database>
  readonly #bus: EventBus

  constructor(db: Kysely<Database>, bus: EventBus) {
    this.#db = db
    this.#bus = bus
  }

  read<T>(_tenantId: string, query: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    return query(this.#db)
  }

  /** `purpose` names what the transaction does; it is on the span around its statements. */
  async transact<T>(_tenantId: string, purpose: string, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
    const events: EventDraft[] = []
    const attributes = { 'db.system.name': 'postgresql', 'rustok.transaction.purpose': purpose }
    const result = await tracedSpan('transaction', attributes, () =>
      this.#db.transaction().execute((trx) => work({ trx, emit: (event) => void events.push(event) })),
    )
    for (const event of events) await this.#bus.publish(event)
    return result
  }
}
