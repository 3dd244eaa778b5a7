/** Events without the rest of a server: a database with tenants, an outbox and handlers of the test's own. */
import type { Kysely } from 'kysely'
import { migrate } from '../../src/db/migrate.ts'
import { type DatabaseOptions, type OpenDatabase, openDatabase } from '../../src/db/open-database.ts'
import type { Database } from '../../src/db/schema.ts'
import { TenantDatabase } from '../../src/db/tenant-database.ts'
import type { DeliveryOutcome } from '../../src/events/delivery-observer.ts'
import { defineEvent, draftEvent, type EventEnvelope } from '../../src/events/envelope.ts'
import type { EventHandler } from '../../src/events/event-handler.ts'
import { Events } from '../../src/events/events.ts'
import type { NatsSettings } from '../../src/events/nats/nats-settings.ts'
import { outbox } from '../../src/events/outbox/outbox.ts'
import { emptyCluster } from './empty-cluster.ts'

export const ACTOR = { tenantId: 'acme', userId: 'ada' }
export const happened = defineEvent<{ readonly n: number }>('test.happened', 'rustok-server/test')
export type Happened = EventEnvelope<{ readonly n: number }>

export interface Observed {
  readonly handler: string
  readonly outcome: DeliveryOutcome
  readonly n: number
  readonly error: string | undefined
}

export interface EventSystem {
  readonly database: OpenDatabase
  readonly tenants: TenantDatabase
  readonly events: Events
  /** Every tenant's rows on PGlite; on PostgreSQL what the owner sees, which is none of theirs. */
  readonly owner: Kysely<Database>
  readonly deliveries: readonly Observed[]
  readonly notices: readonly string[]
  outcomes(handler: string): readonly DeliveryOutcome[]
  /** Each number an event about its own subject, all in one transaction. */
  emit(...numbers: readonly number[]): Promise<void>
  close(): Promise<void>
}

export async function openEventSystem({
  handlers = [],
  nats,
  start = true,
  ...options
}: DatabaseOptions & {
  readonly handlers?: readonly EventHandler[]
  readonly nats?: NatsSettings
  readonly start?: boolean
} = {}): Promise<EventSystem> {
  const database = await openDatabase({ emptyCluster: await emptyCluster(), ...options })
  await database.asOwner(migrate)
  const tenants = new TenantDatabase(database.access, outbox)
  const deliveries: Observed[] = []
  const notices: string[] = []
  const events = new Events({
    engine: database.access,
    tenants,
    nats,
    observer: {
      delivered: (event, handler, outcome, error) =>
        deliveries.push({
          handler,
          outcome,
          n: (event as Happened).data.n,
          error: error instanceof Error ? error.message : undefined,
        }),
      stalled: (part) => notices.push(`stalled ${part}`),
      resumed: (part) => notices.push(`resumed ${part}`),
      refused: (handler, reason) => notices.push(`refused ${handler}: ${reason}`),
    },
  })
  for (const handler of handlers) events.subscribe(handler)
  await tenants.system('test', async (trx) => {
    const values = ['acme', 'globex'].map((id) => ({ id, name: id }))
    await trx
      .insertInto('tenants')
      .values(values)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  })
  if (start) events.start()
  return {
    database,
    tenants,
    events,
    owner: await database.asOwner(async (db) => db),
    deliveries,
    notices,
    outcomes: (handler) => deliveries.filter((one) => one.handler === handler).map((one) => one.outcome),
    emit: (...numbers) =>
      tenants.transact(ACTOR.tenantId, 'test', async ({ emit }) => {
        for (const n of numbers) emit(draftEvent(happened, ACTOR, `subject-${n}`, { n }))
      }),
    async close() {
      await events.stop(5_000)
      await database.close()
    },
  }
}
