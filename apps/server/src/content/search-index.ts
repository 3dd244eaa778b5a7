/**
 * The read model of full-text search: what readers may find, in each language by that language's rules. Kept by an event handler, which
 * writes down a node as it is now, whatever the event said, so that an event handled late or twice does no harm.
 */
import { type Kysely, sql } from 'kysely'
import type { Database } from '../db/schema.ts'
import { createHandler, type EventHandler, type HandlerUnit, on } from '../events/event-handler.ts'
import { nodeArchived, nodePublished, nodeUnpublished, nodeUpdated } from './content-events.ts'

/** Of languages, PostgreSQL's text search configurations; all others are searched word by word, as they are written. */
export const CONFIGURATIONS: Readonly<Record<string, string>> = {
  ar: 'arabic',
  ca: 'catalan',
  da: 'danish',
  de: 'german',
  el: 'greek',
  en: 'english',
  es: 'spanish',
  eu: 'basque',
  fi: 'finnish',
  fr: 'french',
  ga: 'irish',
  hi: 'hindi',
  hu: 'hungarian',
  hy: 'armenian',
  id: 'indonesian',
  it: 'italian',
  lt: 'lithuanian',
  nb: 'norwegian',
  ne: 'nepali',
  nl: 'dutch',
  nn: 'norwegian',
  no: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sr: 'serbian',
  sv: 'swedish',
  ta: 'tamil',
  tr: 'turkish',
  yi: 'yiddish',
}

export const OTHER_LANGUAGES = 'simple'

/** Around what matched in PostgreSQL's headlines: characters that no text in the read model has. */
export const MATCH_START = '\u0002'
export const MATCH_END = '\u0003'

export function contentSearchHandler(): EventHandler {
  const index = async (nodeId: string, tenantId: string, { trx }: HandlerUnit) => {
    await trx
      .deleteFrom('content_search')
      .where('tenant_id', '=', tenantId)
      .where('node_id', '=', nodeId)
      .execute()
    await indexPublished(trx, tenantId, nodeId)
  }
  return createHandler('content-search', [
    on(nodePublished, (event, unit) => index(event.subject, event.tenantid, unit)),
    on(nodeUnpublished, (event, unit) => index(event.subject, event.tenantid, unit)),
    on(nodeArchived, (event, unit) => index(event.subject, event.tenantid, unit)),
    on(nodeUpdated, async (event, unit) => {
      if (event.data.live) await index(event.subject, event.tenantid, unit)
    }),
  ])
}

/** One node of a tenant or all of them, in all their languages; nothing where it is there already. */
export async function indexPublished(db: Kysely<Database>, tenantId: string, nodeId?: string): Promise<void> {
  const configurations = sql.join(
    Object.entries(CONFIGURATIONS).map(([language, config]) => sql`(${language}, ${config})`),
  )
  const one = (column: string) => (nodeId === undefined ? sql`` : sql`and ${sql.ref(column)} = ${nodeId}`)
  const clean = (column: string) =>
    sql`translate(${sql.ref(column)}, ${MATCH_START + MATCH_END}, ${'  '}) as ${sql.ref(column.slice(2))}`
  await sql`
    insert into content_search (tenant_id, node_id, locale, config, title, body, document)
    select ${tenantId}, t.node_id, t.locale, t.config, t.title, t.body,
      setweight(to_tsvector(t.config::regconfig, t.title), 'A')
      || setweight(to_tsvector(t.config::regconfig, coalesce(tags.words, '')), 'B')
      || setweight(to_tsvector(t.config::regconfig, t.body), 'C')
    from (
      select x.node_id, x.locale, ${clean('x.title')}, ${clean('x.body')},
        coalesce(c.config, ${OTHER_LANGUAGES}) as config
      from (
        select n.id as node_id, n.locale, n.title, n.body from nodes as n
        where n.tenant_id = ${tenantId} and n.status = 'published' ${one('n.id')}
        union all
        select t.node_id, t.locale, t.title, t.body from node_translations as t
        join nodes as n on n.tenant_id = t.tenant_id and n.id = t.node_id and n.status = 'published'
        where t.tenant_id = ${tenantId} ${one('t.node_id')}
      ) as x
      left join (values ${configurations}) as c (language, config) on c.language = split_part(x.locale, '-', 1)
    ) as t
    left join lateral (
      select string_agg(g.tag, ' . ') as words from node_tags as g
      where g.tenant_id = ${tenantId} and g.node_id = t.node_id
    ) as tags on true
    on conflict do nothing`.execute(db)
}
