/**
 * The SQL of deliveries. A delivery is leased by a process for a while, which the process prolongs as long as it lives: what a dead one
 * leaves behind comes back by itself, and counts as a failed attempt.
 */
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Database } from '../../db/schema.ts'
import type { EventEnvelope } from '../envelope.ts'

export const LEASE_MS = 15_000
/** Of an error's message, for the operator who looks at dead letters. */
export const MAX_ERROR_LENGTH = 1_000

export interface LeasedDelivery {
  readonly handler: string
  readonly event: EventEnvelope
  /** Those that failed. */
  readonly attempts: number
  /** Its last process ended, or lost its database, while it had it. */
  readonly abandoned: boolean
}

export interface Room {
  readonly handler: string
  readonly room: number
}

/**
 * For each handler at most `room` of what is due: of each key the first alone, so that a handler gets what happened to one thing in order.
 * What a process left behind is taken one at a time: if it was that which ended the process, it takes no other with it the next time.
 */
export async function leaseDeliveries(
  trx: Transaction<Database>,
  lease: string,
  wanted: readonly Room[],
  leaseMs = LEASE_MS,
): Promise<readonly LeasedDelivery[]> {
  const first = sql`not exists (
    select from deliveries e
    where e.handler = d.handler and e.key = d.key and e.position < d.position and e.dead_at is null)`
  const { rows } = await sql<{
    handler: string
    attempts: number
    abandoned: boolean
    envelope: EventEnvelope
  }>`
    with wanted as (
      select * from json_to_recordset(${JSON.stringify(wanted)}::json) as w (handler text, room integer)
    ), due as (
      select taken.handler, taken.event_id, taken.abandoned from wanted w
      cross join lateral (
        select * from (
          select d.handler, d.event_id, false as abandoned from deliveries d
          where d.handler = w.handler and d.dead_at is null and d.due_at <= clock_timestamp() and d.lease is null
            and ${first}
          order by d.due_at, d.position limit w.room for update skip locked) fresh
        union all
        select * from (
          select d.handler, d.event_id, true as abandoned from deliveries d
          where d.handler = w.handler and d.dead_at is null and d.due_at <= clock_timestamp() and d.lease is not null
            and ${first}
          order by d.due_at, d.position limit 1 for update skip locked) abandoned
      ) taken
    ), leased as (
      update deliveries d
      set lease = ${lease}::uuid, due_at = clock_timestamp() + ${leaseMs} * interval '1 ms',
        attempts = d.attempts + due.abandoned::integer
      from due where d.handler = due.handler and d.event_id = due.event_id
      returning d.handler, d.event_id, d.attempts, d.position, due.abandoned
    )
    select leased.handler, leased.attempts, leased.abandoned, outbox.envelope
    from leased join outbox on outbox.id = leased.event_id
    order by leased.abandoned desc, leased.position`.execute(trx)
  return rows.map(({ handler, attempts, abandoned, envelope }) => ({
    handler,
    attempts,
    abandoned,
    event: envelope,
  }))
}

/** Those that are being written to are locked, and need no more time. */
export async function prolongLease(trx: Transaction<Database>, lease: string): Promise<void> {
  await sql`update deliveries set due_at = clock_timestamp() + ${LEASE_MS} * interval '1 ms'
    where (handler, event_id) in (
      select handler, event_id from deliveries where lease = ${lease}::uuid and dead_at is null for update skip locked
    )`.execute(trx)
}

/** For others to take at once; nothing was tried. */
export async function giveBack(trx: Transaction<Database>, lease: string): Promise<void> {
  await trx
    .updateTable('deliveries')
    .set({ lease: null, due_at: sql`clock_timestamp()` })
    .where('lease', '=', lease)
    .where('dead_at', 'is', null)
    .execute()
}

/** Milliseconds until a delivery of one of these handlers comes due; undefined when none is waiting for its time. */
export async function nextDueIn(
  trx: Transaction<Database>,
  handlers: readonly string[],
): Promise<number | undefined> {
  if (handlers.length === 0) return undefined
  const row = await trx
    .selectFrom('deliveries')
    .select(
      sql<number | null>`(extract(epoch from min(due_at) - clock_timestamp()) * 1000)::float8`.as('in_ms'),
    )
    .where('handler', 'in', handlers)
    .where('dead_at', 'is', null)
    .where('due_at', '>', sql<Date>`clock_timestamp()`)
    .executeTakeFirst()
  return row?.in_ms === null || row === undefined ? undefined : Math.max(1, row.in_ms)
}

export interface Failure {
  readonly handler: string
  readonly event: EventEnvelope
  /** With this one. */
  readonly attempts: number
  readonly error: string
  /** Undefined for the last one: the event is a dead letter. */
  readonly retryInMs: number | undefined
}

/** Unless somebody else has it meanwhile. */
export async function recordFailure(
  trx: Transaction<Database>,
  lease: string,
  failure: Failure,
): Promise<void> {
  const { handler, event, attempts, error, retryInMs } = failure
  await trx
    .updateTable('deliveries')
    .set({
      attempts,
      lease: null,
      last_error: error,
      ...(retryInMs === undefined
        ? { dead_at: sql<Date>`clock_timestamp()` }
        : { due_at: sql<Date>`clock_timestamp() + ${retryInMs} * interval '1 ms'` }),
    })
    .where('handler', '=', handler)
    .where('event_id', '=', event.id)
    .where('lease', '=', lease)
    .where('dead_at', 'is', null)
    .execute()
}

/**
 * Claims an event in the transaction of its effect and ends its delivery, so that all of it happens or nothing. False when this handler has
 * handled the event before. A delivery at the same time waits for the first one's outcome.
 */
export async function claim(trx: Transaction<Database>, handler: string, eventId: string): Promise<boolean> {
  const result = await trx
    .with('done', (db) =>
      db.deleteFrom('deliveries').where('handler', '=', handler).where('event_id', '=', eventId),
    )
    .insertInto('handled_events')
    .values({ handler, event_id: eventId })
    .onConflict((conflict) => conflict.columns(['handler', 'event_id']).doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

export async function wasHandled(db: Kysely<Database>, handler: string, eventId: string): Promise<boolean> {
  const row = await db
    .selectFrom('handled_events')
    .select('handler')
    .where('handler', '=', handler)
    .where('event_id', '=', eventId)
    .executeTakeFirst()
  return row !== undefined
}
