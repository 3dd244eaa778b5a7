/**
 * Reading content: nodes, their texts in other languages, tags, statistics, search. Every method takes the principal first, and shows
 * those who do not write what is published. `EditingService` changes it.
 */
import type { NodeKind, NodeStatus } from '../db/schema.ts'
import type { TenantDatabase } from '../db/tenant-database.ts'
import { type Page, type PageRequest, startOf, toPage } from '../domain/page.ts'
import { type FieldError, invalidFields, type Result } from '../domain/result.ts'
import { checkText } from '../domain/text-rules.ts'
import { isUuid } from '../domain/uuid.ts'
import type { Principal } from '../identity/principal.ts'
import {
  type ContentNode,
  localeCursor,
  type NodeDraft,
  type NodeText,
  nodeCursor,
  type TagCount,
  tagCursor,
} from './content-node.ts'
import { contentOperations, type OperationObserver } from './content-observer.ts'
import {
  countMatches,
  hitCursor,
  positionOf,
  type Search,
  type SearchHit,
  searchNodes,
} from './content-search.ts'
import { type ContentStats, readContentStats } from './content-stats.ts'
import { canonicalLocale, localeError, lookupChain } from './locale.ts'
import { MAX_TAG, normalTag } from './node-input.ts'
import {
  countNodes,
  findDrafts,
  findNode,
  findNodeBySlug,
  findSlugs,
  findTags,
  findTexts,
  listNodes,
  listTags,
  listTranslations,
  type NodeFilter,
} from './node-queries.ts'
import { seesDrafts, visibleStatuses } from './visibility.ts'

export const MAX_QUERY = 200

interface NodesAsked {
  readonly status?: NodeStatus | undefined
  readonly kind?: NodeKind | undefined
  readonly tag?: string | undefined
  readonly authorId?: string | undefined
}

/** A node and the language that somebody wants to read it in. */
export interface LocalNode {
  readonly node: ContentNode
  readonly locale: string
}

const EVERY_STATUS: readonly NodeStatus[] = ['draft', 'published', 'archived']

export class ContentService {
  readonly #database: TenantDatabase
  readonly #operations: ReturnType<typeof contentOperations>

  constructor(database: TenantDatabase, observer: OperationObserver) {
    this.#database = database
    this.#operations = contentOperations(observer)
  }

  node(principal: Principal, id: string): Promise<ContentNode | undefined> {
    return this.#operations.read('node', async () => {
      if (!isUuid(id)) return undefined
      const statuses = seesDrafts(principal) ? EVERY_STATUS : visibleStatuses(principal, undefined)
      const { tenantId } = principal
      return this.#database.read(tenantId, (db) => findNode(db, tenantId, id, statuses))
    })
  }

  /** By its address in a language, or in one that stands in for it. */
  nodeBySlug(principal: Principal, slug: string, locale: string): Promise<Result<ContentNode | undefined>> {
    return this.#operations.run('nodeBySlug', async () => {
      const canonical = canonicalLocale(locale)
      if (canonical === undefined) return invalidFields([localeError('locale')])
      if (!storable(slug)) return { value: undefined }
      const chain = lookupChain(canonical)
      const statuses = visibleStatuses(principal, undefined)
      const { tenantId } = principal
      const value = await this.#database.read(tenantId, (db) =>
        findNodeBySlug(db, tenantId, slug.normalize('NFC'), chain, statuses),
      )
      return { value }
    })
  }

  nodes(principal: Principal, page: PageRequest, asked: NodesAsked): Promise<Result<Page<ContentNode>>> {
    return this.#operations.run('nodes', async () => {
      const checked = startOf(page, nodeCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const filter = filterOf(principal, asked)
      if (filter === undefined) return { value: { entries: [], hasNextPage: false } }
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) =>
        listNodes(db, tenantId, filter, checked.start),
      )
      return { value: toPage(found, page.first, nodeCursor, ({ id }) => id) }
    })
  }

  countNodes(principal: Principal, asked: NodesAsked): Promise<number> {
    return this.#operations.read('countNodes', async () => {
      const filter = filterOf(principal, asked)
      if (filter === undefined) return 0
      const { tenantId } = principal
      return this.#database.read(tenantId, (db) => countNodes(db, tenantId, filter))
    })
  }

  /** For each the text in its language, in one that stands in for it, or the node's own; in the order of `asked`. */
  textsOf({ tenantId }: Principal, asked: readonly LocalNode[]): Promise<Result<readonly NodeText[]>> {
    return this.#operations.runBatch('textsOf', asked.length, async () => {
      const locales = asked.map(({ locale }) => canonicalLocale(locale))
      if (locales.includes(undefined)) return invalidFields([localeError('locale')])
      const chains = locales.map((locale) => lookupChain(locale!))
      const ids = [...new Set(asked.map(({ node }) => node.id))]
      const found = await this.#database.read(tenantId, (db) =>
        findTexts(db, tenantId, ids, [...new Set(chains.flat())]),
      )
      const byNode = Map.groupBy(found, ({ text }) => text.nodeId)
      const value = asked.map(({ node }, index) => {
        const texts = byNode.get(node.id) ?? []
        const best = chains[index]!.map((locale) => texts.find(({ text }) => text.locale === locale))
        return (best.find(Boolean) ?? texts.find(({ own }) => own))?.text ?? textOf(node)
      })
      return { value }
    })
  }

  /** The same page of each node's translations, in the order of `nodeIds`. */
  translationsOf(
    { tenantId }: Principal,
    nodeIds: readonly string[],
    page: PageRequest,
  ): Promise<Result<readonly Page<NodeText>[]>> {
    return this.#operations.runBatch('translationsOf', nodeIds.length, async () => {
      const checked = startOf(page, localeCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const found = await this.#database.read(tenantId, (db) =>
        listTranslations(db, tenantId, nodeIds, checked.start),
      )
      const byNode = Map.groupBy(found, ({ nodeId }) => nodeId)
      const value = nodeIds.map((id) =>
        toPage(byNode.get(id) ?? [], page.first, localeCursor, ({ locale }) => locale),
      )
      return { value }
    })
  }

  /** What is being edited of each in its language, for those who write. */
  draftsOf(
    principal: Principal,
    asked: readonly LocalNode[],
  ): Promise<Result<readonly (NodeDraft | undefined)[]>> {
    return this.#operations.runBatch('draftsOf', asked.length, async () => {
      const locales = asked.map(({ locale }) => canonicalLocale(locale))
      if (locales.includes(undefined)) return invalidFields([localeError('locale')])
      if (!seesDrafts(principal)) return { value: asked.map(() => undefined) }
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) =>
        findDrafts(
          db,
          tenantId,
          asked.map(({ node }) => node.id),
          locales.map((locale) => locale!),
        ),
      )
      const byKey = new Map(found.map((draft) => [`${draft.nodeId} ${draft.locale}`, draft]))
      return { value: asked.map(({ node }, index) => byKey.get(`${node.id} ${locales[index]}`)) }
    })
  }

  /** Of the nodes' own texts, in the order of `nodes`. */
  slugsOf({ tenantId }: Principal, nodes: readonly ContentNode[]): Promise<(string | undefined)[]> {
    return this.#operations.batch('slugsOf', nodes.length, async () => {
      const ids = nodes.map(({ id }) => id)
      const found = await this.#database.read(tenantId, (db) => findSlugs(db, tenantId, ids))
      const byKey = new Map(found.map(({ node_id, locale, slug }) => [`${node_id} ${locale}`, slug]))
      return nodes.map(({ id, locale }) => byKey.get(`${id} ${locale}`))
    })
  }

  tagsOf({ tenantId }: Principal, nodeIds: readonly string[]): Promise<string[][]> {
    return this.#operations.batch('tagsOf', nodeIds.length, async () => {
      const found = await this.#database.read(tenantId, (db) => findTags(db, tenantId, nodeIds))
      const byNode = Map.groupBy(found, ({ node_id }) => node_id)
      return nodeIds.map((id) => (byNode.get(id) ?? []).map(({ tag }) => tag))
    })
  }

  tags(principal: Principal, page: PageRequest): Promise<Result<Page<TagCount>>> {
    return this.#operations.run('tags', async () => {
      const checked = startOf(page, tagCursor)
      if ('errors' in checked) return invalidFields(checked.errors)
      const statuses = visibleStatuses(principal, undefined)
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) =>
        listTags(db, tenantId, statuses, checked.start),
      )
      return { value: toPage(found, page.first, tagCursor, ({ name }) => name) }
    })
  }

  search(principal: Principal, page: PageRequest, asked: Search): Promise<Result<Page<SearchHit>>> {
    return this.#operations.run('search', async () => {
      const checked = startOf(page, hitCursor)
      const search = checkSearch(asked)
      const errors = [
        ...('errors' in checked ? checked.errors : []),
        ...('errors' in search ? search.errors : []),
      ]
      if ('errors' in checked || 'errors' in search) return invalidFields(errors)
      const { tenantId } = principal
      const found = await this.#database.read(tenantId, (db) =>
        searchNodes(db, tenantId, search.input, checked.start),
      )
      return { value: toPage(found, page.first, hitCursor, positionOf) }
    })
  }

  countHits({ tenantId }: Principal, asked: Search): Promise<number> {
    return this.#operations.read('countHits', async () => {
      const search = checkSearch(asked)
      if ('errors' in search) return 0
      return this.#database.read(tenantId, (db) => countMatches(db, tenantId, search.input))
    })
  }

  stats({ tenantId }: Principal): Promise<ContentStats> {
    return this.#operations.read('stats', () =>
      this.#database.read(tenantId, (db) => readContentStats(db, tenantId)),
    )
  }
}

function checkSearch({
  query,
  locale,
  kind,
  tag,
}: Search): { readonly input: Search } | { readonly errors: readonly FieldError[] } {
  const canonical = locale === undefined ? undefined : canonicalLocale(locale)
  const errors = [
    ...checkText('query', query.trim(), { max: MAX_QUERY, required: true }),
    ...checkText('tag', tag ?? '', { max: MAX_TAG }),
    ...(locale !== undefined && canonical === undefined ? [localeError('locale')] : []),
  ]
  if (errors.length > 0) return { errors }
  return { input: { query, locale: canonical, kind, tag: tag === undefined ? undefined : normalTag(tag) } }
}

/** Undefined when there is nothing that the principal may see. */
function filterOf(principal: Principal, asked: NodesAsked): NodeFilter | undefined {
  const statuses = visibleStatuses(principal, asked.status)
  const tag = asked.tag === undefined ? undefined : normalTag(asked.tag)
  if (statuses.length === 0 || !storable(tag ?? '') || !storable(asked.authorId ?? '')) return undefined
  return { statuses, kind: asked.kind, tag, authorId: asked.authorId }
}

/** PostgreSQL throws on a text that it cannot hold; to a client that text simply does not occur. */
function storable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

function textOf({ id, locale, title, body, updatedAt }: ContentNode): NodeText {
  return { nodeId: id, locale, title, body, slug: undefined, updatedAt }
}
