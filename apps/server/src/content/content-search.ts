/** Full-text search in what is published: the query as people write it, the best language of each node, and why it was found. */
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Database, NodeKind, NodeTable } from '../db/schema.ts'
import { cursorOf } from '../domain/cursor.ts'
import type { PageStart } from '../domain/page.ts'
import { isUuid } from '../domain/uuid.ts'
import { type ContentNode, toContentNode } from './content-node.ts'
import { CONFIGURATIONS, MATCH_END, MATCH_START, OTHER_LANGUAGES } from './search-index.ts'

type Db = Kysely<Database>

/** A piece of a text, and whether it is what was searched for. No markup: what shows it decides how. */
export interface SnippetPart {
  readonly text: string
  readonly match: boolean
}

export interface SearchHit {
  readonly node: ContentNode
  /** In which it was found. */
  readonly locale: string
  readonly title: readonly SnippetPart[]
  readonly snippet: readonly SnippetPart[]
  /** Higher is better; comparable within one search alone. */
  readonly rank: number
}

export interface Search {
  /** As web search engines have it: words, "phrases", or, -not. Any text is a query. */
  readonly query: string
  /** BCP 47; also languages more exact than it (`de` finds de-CH). */
  readonly locale?: string | undefined
  readonly kind?: NodeKind | undefined
  readonly tag?: string | undefined
}

interface Position {
  readonly rank: number
  readonly nodeId: string
}

/** Best first, and the newest of those that are as good. */
export const hitCursor = cursorOf<Position>(
  'hit',
  ({ rank, nodeId }) => `${rank} ${nodeId}`,
  (text) => {
    const [rank = '', nodeId = ''] = text.split(' ')
    return Number.isFinite(Number(rank)) && isUuid(nodeId) ? { rank: Number(rank), nodeId } : undefined
  },
)

export function positionOf({ rank, node }: SearchHit): Position {
  return { rank, nodeId: node.id }
}

const ALL_CONFIGURATIONS = [...new Set([...Object.values(CONFIGURATIONS), OTHER_LANGUAGES])]

/**
 * The nodes that match, each in the language that matches best. Within a tenant every document is looked at: `@@` is not leakproof, so
 * that the policies keep PostgreSQL from asking an index on the documents.
 */
function matches(tenantId: string, { query, locale, kind, tag }: Search) {
  const language = locale?.split('-')[0]
  const configurations =
    language === undefined ? ALL_CONFIGURATIONS : [CONFIGURATIONS[language] ?? OTHER_LANGUAGES]
  return sql`
    matches as (
      select distinct on (s.node_id) s.node_id, s.locale, ts_rank(s.document, q.query)::float8 as rank
      from content_search as s
      join (
        select config, websearch_to_tsquery(config::regconfig, ${query}) as query
        from unnest(array[${sql.join(configurations)}]::text[]) as config
        offset 0 -- once for each configuration, not for each document
      ) as q on q.config = s.config
      join nodes as n on n.tenant_id = s.tenant_id and n.id = s.node_id and n.status = 'published'
      where s.tenant_id = ${tenantId} and s.document @@ q.query
        ${locale === undefined ? sql`` : sql`and (s.locale = ${locale} or starts_with(s.locale, ${`${locale}-`}))`}
        ${kind === undefined ? sql`` : sql`and n.kind = ${kind}`}
        ${
          tag === undefined
            ? sql``
            : sql`and exists (select from node_tags as g
                where g.tenant_id = ${tenantId} and g.tag = ${tag} and g.node_id = s.node_id)`
        }
      order by s.node_id, rank desc, s.locale
    )`
}

type HitRow = Selectable<NodeTable> & {
  readonly hit_locale: string
  readonly rank: number
  readonly hit_title: string
  readonly hit_snippet: string
}

const MARKS = `StartSel=${MATCH_START}, StopSel=${MATCH_END}`

export async function searchNodes(
  db: Db,
  tenantId: string,
  search: Search,
  { limit, after }: PageStart<Position>,
): Promise<SearchHit[]> {
  const { rows } = await sql<HitRow>`
    with ${matches(tenantId, search)},
    page as (
      select * from matches
      ${after === undefined ? sql`` : sql`where (rank, node_id) < (${after.rank}::float8, ${after.nodeId}::uuid)`}
      order by rank desc, node_id desc limit ${limit}
    )
    select n.*, p.locale as hit_locale, p.rank,
      ts_headline(s.config::regconfig, s.title, q.query, ${`${MARKS}, HighlightAll=true`}) as hit_title,
      ts_headline(s.config::regconfig, s.body, q.query,
        ${`${MARKS}, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter=" … "`}) as hit_snippet
    from page as p
    join nodes as n on n.tenant_id = ${tenantId} and n.id = p.node_id
    join content_search as s on s.tenant_id = ${tenantId} and s.node_id = p.node_id and s.locale = p.locale
    cross join lateral (select websearch_to_tsquery(s.config::regconfig, ${search.query}) as query) as q
    order by p.rank desc, p.node_id desc`.execute(db)
  return rows.map((row) => ({
    node: toContentNode(row),
    locale: row.hit_locale,
    rank: row.rank,
    title: partsOf(row.hit_title),
    snippet: partsOf(row.hit_snippet),
  }))
}

export async function countMatches(db: Db, tenantId: string, search: Search): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with ${matches(tenantId, search)} select count(*)::integer as count from matches`.execute(db)
  return rows[0]!.count
}

/** A headline of PostgreSQL's, which has each match between the marks. */
function partsOf(headline: string): SnippetPart[] {
  const parts: SnippetPart[] = []
  for (const [index, piece] of headline.split(MATCH_START).entries()) {
    const end = index === 0 ? -1 : piece.indexOf(MATCH_END)
    if (end > 0) parts.push({ text: piece.slice(0, end), match: true })
    if (end + 1 < piece.length) parts.push({ text: piece.slice(end + 1), match: false })
  }
  return parts
}
