/**
 * The read model "how much content does this tenant have": kept by an event handler, read by the `contentStats` query. Counters
 * are not idempotent by themselves: the handler's transaction, which has each event once, makes them so.
 */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../db/schema.ts'
import type { EventEnvelope } from '../events/envelope.ts'
import { createHandler, type EventHandler, type HandlerUnit, on } from '../events/event-handler.ts'
import { nodeArchived, nodeCreated, nodePublished, nodeRestored, nodeUnpublished } from './content-events.ts'

export const CONTENT_STATS_HANDLER = 'content-stats'

export interface ContentStats {
  readonly drafts: number
  readonly published: number
  readonly archived: number
  /** Without the archive. */
  readonly total: number
  /** Of the newest event that is counted; undefined for a tenant without content. */
  readonly asOf: Date | undefined
}

export async function readContentStats(db: Kysely<Database>, tenantId: string): Promise<ContentStats> {
  const row = await db
    .selectFrom('content_stats')
    .select(['drafts', 'published', 'archived', 'as_of'])
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
  if (row === undefined) return { drafts: 0, published: 0, archived: 0, total: 0, asOf: undefined }
  const { drafts, published, archived, as_of: asOf } = row
  return { drafts, published, archived, total: drafts + published, asOf }
}

export function contentStatsHandler(): EventHandler {
  const count = async (
    event: EventEnvelope,
    { trx }: HandlerUnit,
    change: { drafts: number; published: number; archived: number },
  ) => {
    await trx
      .insertInto('content_stats')
      .values({ tenant_id: event.tenantid, ...change, as_of: new Date(event.time) })
      .onConflict((conflict) =>
        conflict.column('tenant_id').doUpdateSet({
          drafts: sql`content_stats.drafts + excluded.drafts`,
          published: sql`content_stats.published + excluded.published`,
          archived: sql`content_stats.archived + excluded.archived`,
          as_of: sql`greatest(content_stats.as_of, excluded.as_of)`,
        }),
      )
      .execute()
  }

  return createHandler(CONTENT_STATS_HANDLER, [
    on(nodeCreated, (event, unit) => count(event, unit, { drafts: 1, published: 0, archived: 0 })),
    on(nodePublished, (event, unit) => count(event, unit, { drafts: -1, published: 1, archived: 0 })),
    on(nodeUnpublished, (event, unit) => count(event, unit, { drafts: 1, published: -1, archived: 0 })),
    on(nodeArchived, (event, unit) => {
      const [drafts, published] = event.data.wasPublished ? [0, -1] : [-1, 0]
      return count(event, unit, { drafts, published, archived: 1 })
    }),
    on(nodeRestored, (event, unit) => count(event, unit, { drafts: 1, published: 0, archived: -1 })),
  ])
}
