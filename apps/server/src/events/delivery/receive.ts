/**
 * The first attempt at an event that came through a broker: at once, unless something came before. Whatever goes wrong becomes a delivery in
 * the database, from where `delivery-runner.ts` takes it on.
 */
import { sql, type Transaction } from 'kysely'
import type { Database } from '../../db/schema.ts'
import type { TenantDatabase } from '../../db/tenant-database.ts'
import { errorMessage } from '../../errors.ts'
import type { DeliveryObserver } from '../delivery-observer.ts'
import { type EventEnvelope, orderKey } from '../envelope.ts'
import type { EventHandler } from '../event-handler.ts'
import { type MessagingSystem, untraced } from '../messaging-spans.ts'
import { attemptDelivery } from './attempt.ts'
import { MAX_ERROR_LENGTH } from './delivery-table.ts'
import { retryDelay } from './retry-delay.ts'

/** Rejects when neither the handler nor the database could take it: then the broker must keep it. */
export async function receiveEvent(
  tenants: TenantDatabase,
  system: MessagingSystem,
  observer: DeliveryObserver,
  handler: EventHandler,
  event: EventEnvelope,
  redelivered: boolean,
): Promise<void> {
  const parkWith = (attempts: number, error?: unknown) =>
    untraced(() => tenants.system('deliveries', (trx) => park(trx, handler, event, attempts, error)))
  // One that comes again has lost its process, or its acknowledgement: attempts are counted in the database.
  if (redelivered || (await untraced(() => hasPredecessor(tenants, handler, event)))) {
    await parkWith(0)
    observer.delivered(event, handler.name, 'parked')
    return
  }
  const final = handler.maxAttempts <= 1
  await attemptDelivery(tenants, { event, handler, number: 1, system }, (outcome, error) =>
    observer.delivered(event, handler.name, outcome === 'failed' && final ? 'dead' : outcome, error),
  ).catch((error) => parkWith(1, error))
}

/** Something that happened to the same thing earlier waits to be handled, or tried again. */
function hasPredecessor(
  tenants: TenantDatabase,
  handler: EventHandler,
  event: EventEnvelope,
): Promise<boolean> {
  return tenants.read(event.tenantid, async (db) => {
    const row = await db
      .selectFrom('deliveries')
      .select('event_id')
      .where('handler', '=', handler.name)
      .where('key', '=', orderKey(event))
      .where('dead_at', 'is', null)
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
  })
}

async function park(
  trx: Transaction<Database>,
  handler: EventHandler,
  event: EventEnvelope,
  attempts: number,
  error: unknown,
): Promise<void> {
  const retryInMs = attempts === 0 ? 0 : retryDelay(attempts)
  const dead = attempts >= handler.maxAttempts
  const lastError = error === undefined ? null : errorMessage(error).slice(0, MAX_ERROR_LENGTH)
  // The broker may have kept it for longer than the outbox has.
  await sql`insert into outbox (id, tenant_id, key, type, envelope, published_at)
    values (${event.id}, ${event.tenantid}, ${orderKey(event)}, ${event.type}, ${JSON.stringify(event)}, clock_timestamp())
    on conflict do nothing`.execute(trx)
  await sql`insert into deliveries (handler, event_id, tenant_id, key, position, attempts, due_at, last_error, dead_at)
    select ${handler.name}, id, tenant_id, key, position, ${attempts}::integer,
      clock_timestamp() + ${retryInMs} * interval '1 ms', ${lastError}::text,
      case when ${dead}::boolean then clock_timestamp() end
    from outbox where id = ${event.id}
    on conflict do nothing`.execute(trx)
}
