/** How much waits, and for how long: for the metrics, and for whoever waits until all is done. */
import { sql, type Transaction } from 'kysely'
import type { Database } from '../../db/schema.ts'

export interface Backlog {
  /** Events that the bus does not have yet. */
  readonly depth: number
  /** Seconds since the oldest of them; 0 when none waits. */
  readonly lagSeconds: number
  readonly handlers: readonly HandlerBacklog[]
}

export interface HandlerBacklog {
  readonly handler: string
  readonly pending: number
  readonly dead: number
}

export async function readBacklog(trx: Transaction<Database>): Promise<Backlog> {
  const outbox = await trx
    .selectFrom('outbox')
    .select([
      sql<number>`count(*)::integer`.as('depth'),
      sql<number>`coalesce(greatest(0, extract(epoch from clock_timestamp() - min(created_at))), 0)::float8`.as(
        'lag',
      ),
    ])
    .where('published_at', 'is', null)
    .executeTakeFirstOrThrow()
  const handlers = await trx
    .selectFrom('deliveries')
    .select([
      'handler',
      sql<number>`(count(*) filter (where dead_at is null))::integer`.as('pending'),
      sql<number>`(count(*) filter (where dead_at is not null))::integer`.as('dead'),
    ])
    .groupBy('handler')
    .execute()
  return { depth: outbox.depth, lagSeconds: outbox.lag, handlers }
}

/** Events to publish, and deliveries that nobody has tried yet and nothing holds back. */
export async function countUntouched(trx: Transaction<Database>): Promise<number> {
  const { rows } = await sql<{ untouched: number }>`
    select ((select count(*) from outbox where published_at is null) + (
      select count(*) from deliveries d
      where d.dead_at is null and d.attempts = 0 and not exists (
        select from deliveries e where e.handler = d.handler and e.key = d.key and e.position < d.position
          and e.dead_at is null and e.attempts > 0)
    ))::integer as untouched`.execute(trx)
  return rows[0]!.untouched
}
