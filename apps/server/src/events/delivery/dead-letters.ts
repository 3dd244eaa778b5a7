/** What handlers have given up on: to look at, and to hand to them again once their reason is gone. `rustok-server events` uses it. */
import { type SelectQueryBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../../db/schema.ts'

export interface DeadLetterFilter {
  readonly handler?: string | undefined
  readonly eventId?: string | undefined
  /** Given up on since then. */
  readonly since?: Date | undefined
}

export interface DeadLetter {
  readonly handler: string
  readonly eventId: string
  readonly tenantId: string
  readonly type: string
  readonly subject: string
  readonly attempts: number
  readonly deadAt: Date
  readonly error: string
}

/** The oldest first, at most `limit`. */
export async function listDeadLetters(
  trx: Transaction<Database>,
  filter: DeadLetterFilter,
  limit: number,
): Promise<readonly DeadLetter[]> {
  const rows = await matching(
    trx
      .selectFrom('deliveries')
      .innerJoin('outbox', 'outbox.id', 'deliveries.event_id')
      .where('deliveries.dead_at', 'is not', null),
    filter,
  )
    .select([
      'deliveries.handler',
      'deliveries.event_id',
      'deliveries.tenant_id',
      'deliveries.attempts',
      'deliveries.dead_at',
      'deliveries.last_error',
      'outbox.type',
      'outbox.envelope',
    ])
    .orderBy('deliveries.dead_at')
    .orderBy('deliveries.event_id')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    handler: row.handler,
    eventId: row.event_id,
    tenantId: row.tenant_id,
    type: row.type,
    subject: row.envelope.subject,
    attempts: row.attempts,
    deadAt: row.dead_at!,
    error: row.last_error ?? '',
  }))
}

export async function countDeadLetters(
  trx: Transaction<Database>,
  filter: DeadLetterFilter,
): Promise<number> {
  const { count } = await matching(
    trx
      .selectFrom('deliveries')
      .innerJoin('outbox', 'outbox.id', 'deliveries.event_id')
      .where('deliveries.dead_at', 'is not', null),
    filter,
  )
    .select(sql<number>`count(*)::integer`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** With all of their attempts before them again. Resolves with how many; a running server or worker takes them at once. */
export async function replayDeadLetters(
  trx: Transaction<Database>,
  filter: DeadLetterFilter,
): Promise<number> {
  const result = await trx
    .updateTable('deliveries')
    .set({ dead_at: null, attempts: 0, lease: null, due_at: sql<Date>`clock_timestamp()` })
    .where('dead_at', 'is not', null)
    .$if(filter.handler !== undefined, (query) => query.where('handler', '=', filter.handler!))
    .$if(filter.eventId !== undefined, (query) => query.where('event_id', '=', filter.eventId!))
    .$if(filter.since !== undefined, (query) => query.where('dead_at', '>=', filter.since!))
    .executeTakeFirst()
  await sql`select pg_notify('rustok_deliveries', '')`.execute(trx)
  return Number(result.numUpdatedRows)
}

function matching<O>(
  query: SelectQueryBuilder<Database, 'deliveries' | 'outbox', O>,
  { handler, eventId, since }: DeadLetterFilter,
): SelectQueryBuilder<Database, 'deliveries' | 'outbox', O> {
  return query
    .$if(handler !== undefined, (query) => query.where('deliveries.handler', '=', handler!))
    .$if(eventId !== undefined, (query) => query.where('deliveries.event_id', '=', eventId!))
    .$if(since !== undefined, (query) => query.where('deliveries.dead_at', '>=', since!))
}
