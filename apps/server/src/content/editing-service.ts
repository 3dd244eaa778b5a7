/**
 * Changing content: create, edit, translate, publish, archive. A node that readers see is edited beside what they see: title and body
 * wait in a draft for the next publishing, while address and tags, which have no two versions, change at once. What a caller can
 * get wrong is a value (`Refusal`), not an exception.
 */
import { randomUUIDv7 } from 'node:crypto'
import { findProducts } from '../commerce/product-queries.ts'
import type { TenantDatabase, UnitOfWork } from '../db/tenant-database.ts'
import {
  FORBIDDEN,
  invalid,
  invalidFields,
  NOT_FOUND,
  type Result,
  versionConflict,
  wrongState,
} from '../domain/result.ts'
import { isUuid } from '../domain/uuid.ts'
import { errorCode } from '../errors.ts'
import { draftEvent } from '../events/envelope.ts'
import { permits } from '../identity/permissions.ts'
import type { Principal } from '../identity/principal.ts'
import {
  nodeArchived,
  nodeCreated,
  nodePublished,
  nodeRestored,
  nodeUnpublished,
  nodeUpdated,
} from './content-events.ts'
import type { ContentNode } from './content-node.ts'
import { contentOperations, type OperationObserver } from './content-observer.ts'
import { canonicalLocale, localeError } from './locale.ts'
import {
  changeNode,
  deleteTranslation,
  dropUnusedSlugs,
  findWorkingText,
  hasSlug,
  insertNode,
  insertTags,
  lockNode,
  putDraft,
  putSlug,
  putTranslations,
  replaceTags,
  takeDrafts,
  translatedLocales,
} from './node-edits.ts'
import {
  checkNewNode,
  checkNewTranslation,
  checkNodeChange,
  MAX_TRANSLATIONS,
  type NewNode,
  type NewTranslation,
  type NodeChange,
  type Text,
} from './node-input.ts'
import { KINDS } from './node-kinds.ts'
import { mayChange, seesDrafts } from './visibility.ts'

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNIQUE_VIOLATION = '23505'

/** Without a version, whatever it is by now. */
interface NodeVersion {
  readonly id: string
  readonly version?: number | undefined
}

type Change =
  | 'updateNode'
  | 'translateNode'
  | 'removeTranslation'
  | 'publishNode'
  | 'unpublishNode'
  | 'archiveNode'
  | 'restoreNode'
  | 'discardDraft'

export class EditingService {
  readonly #database: TenantDatabase
  readonly #operations: ReturnType<typeof contentOperations>

  constructor(database: TenantDatabase, observer: OperationObserver) {
    this.#database = database
    this.#operations = contentOperations(observer)
  }

  createNode(principal: Principal, given: NewNode): Promise<Result<ContentNode>> {
    return this.#operations.run('createNode', async (): Promise<Result<ContentNode>> => {
      if (!permits(principal, 'content:write')) return FORBIDDEN
      const checked = checkNewNode(given)
      if ('errors' in checked) return invalidFields(checked.errors)
      const { tenantId, userId } = principal
      const { slug, tags, productId, locale } = checked.input
      const id = randomUUIDv7()
      return this.#transact(principal, 'createNode', async ({ trx, emit }) => {
        if (productId !== undefined && !(await isProduct(trx, tenantId, productId))) {
          return invalid('productId', 'productId must be that of a product of this tenant')
        }
        const node = await insertNode(trx, tenantId, { ...checked.input, id, authorId: userId })
        if (slug !== undefined) await putSlug(trx, tenantId, id, locale, slug)
        await insertTags(trx, tenantId, id, tags)
        emit(draftEvent(nodeCreated, principal, id, { nodeId: id, title: node.title }))
        return { value: node }
      })
    })
  }

  updateNode(principal: Principal, which: NodeVersion, given: NodeChange): Promise<Result<ContentNode>> {
    return this.#change('updateNode', principal, which, async (unit, node) => {
      const checked = checkNodeChange(given)
      if ('errors' in checked) return invalidFields(checked.errors)
      if (node.status === 'archived') return ARCHIVED
      const { title, body, slug, tags } = checked.input
      const { trx } = unit
      const { tenantId } = principal
      if (slug === '' && node.status === 'published' && needs(node, 'slug')) {
        return wrongState(`A published ${node.kind} keeps its slug`)
      }
      if (slug !== undefined) await putSlug(trx, tenantId, node.id, node.locale, slug)
      if (tags !== undefined) await replaceTags(trx, tenantId, node.id, tags)
      const live = node.status === 'published' && (slug !== undefined || tags !== undefined)
      let text: Partial<Text> = { ...(title !== undefined && { title }), ...(body !== undefined && { body }) }
      if (node.status === 'published' && Object.keys(text).length > 0) {
        const working = await findWorkingText(trx, tenantId, node)
        const draft = { title: title ?? working.title, body: body ?? working.body, locale: node.locale }
        await putDraft(trx, tenantId, node.id, draft, principal.userId)
        text = {}
      }
      return updated(principal, unit, await changeNode(trx, tenantId, node.id, text), live)
    })
  }

  /** Adds the text in another language, or replaces it; that of a published node waits for the next publishing. */
  translateNode(
    principal: Principal,
    which: NodeVersion,
    given: NewTranslation,
  ): Promise<Result<ContentNode>> {
    return this.#change('translateNode', principal, which, async (unit, node) => {
      const checked = checkNewTranslation(given)
      if ('errors' in checked) return invalidFields(checked.errors)
      if (node.status === 'archived') return ARCHIVED
      const { slug, ...text } = checked.input
      const { locale } = text
      if (locale === node.locale) {
        return invalid('locale', `locale must be another than the node's own, ${locale}`)
      }
      const { trx } = unit
      const { tenantId, userId } = principal
      const locales = await translatedLocales(trx, tenantId, node)
      if (!locales.has(locale) && locales.size >= MAX_TRANSLATIONS) {
        return wrongState(`The node has ${MAX_TRANSLATIONS} translations, and that is the most`)
      }
      if (slug !== undefined) await putSlug(trx, tenantId, node.id, locale, slug)
      if (node.status === 'published') await putDraft(trx, tenantId, node.id, text, userId)
      else await putTranslations(trx, tenantId, node.id, [{ ...text, translatorId: userId }])
      return updated(principal, unit, await changeNode(trx, tenantId, node.id, {}), false)
    })
  }

  /** At once, also from a published node. */
  removeTranslation(principal: Principal, which: NodeVersion, given: string): Promise<Result<ContentNode>> {
    return this.#change('removeTranslation', principal, which, async (unit, node) => {
      const locale = canonicalLocale(given)
      if (locale === undefined) return invalidFields([localeError('locale')])
      if (node.status === 'archived') return ARCHIVED
      const { trx } = unit
      const { tenantId } = principal
      if (!(await translatedLocales(trx, tenantId, node)).has(locale)) {
        return invalid('locale', `locale must be that of a translation, there is none in ${locale}`)
      }
      const seen = await deleteTranslation(trx, tenantId, node.id, locale)
      const live = seen && node.status === 'published'
      return updated(principal, unit, await changeNode(trx, tenantId, node.id, {}), live)
    })
  }

  /** Also what was edited since. Publishing what is published, and was not edited, changes nothing and is no error. */
  publishNode(principal: Principal, which: NodeVersion): Promise<Result<ContentNode>> {
    return this.#change('publishNode', principal, which, async (unit, node) => {
      const { trx, emit } = unit
      const { tenantId } = principal
      if (node.status === 'archived') return ARCHIVED
      const lacking = await incompleteness(trx, tenantId, node)
      if (lacking !== undefined) return wrongState(lacking)
      if (node.status === 'published') {
        const edited = await applyDrafts(principal, unit, node)
        if (edited === undefined) return { value: node }
        return updated(principal, unit, await changeNode(trx, tenantId, node.id, edited), true)
      }
      const at = new Date()
      const value = await changeNode(trx, tenantId, node.id, { status: 'published', published_at: at })
      const data = { nodeId: node.id, title: value.title, publishedAt: at.toISOString() }
      emit(draftEvent(nodePublished, principal, node.id, data))
      return { value }
    })
  }

  /** A draft again, with what was edited since. */
  unpublishNode(principal: Principal, which: NodeVersion): Promise<Result<ContentNode>> {
    return this.#change('unpublishNode', principal, which, async (unit, node) => {
      if (node.status !== 'published') return wrongState(`The node is not published, it is ${inWords(node)}`)
      const value = await withdraw(principal, unit, node, 'draft')
      unit.emit(draftEvent(nodeUnpublished, principal, node.id, { nodeId: node.id }))
      return { value }
    })
  }

  /** Out of all lists, with what was edited since. */
  archiveNode(principal: Principal, which: NodeVersion): Promise<Result<ContentNode>> {
    return this.#change('archiveNode', principal, which, async (unit, node) => {
      if (node.status === 'archived') return { value: node }
      const wasPublished = node.status === 'published'
      const value = await withdraw(principal, unit, node, 'archived')
      unit.emit(draftEvent(nodeArchived, principal, node.id, { nodeId: node.id, wasPublished }))
      return { value }
    })
  }

  /** From the archive, as a draft. */
  restoreNode(principal: Principal, which: NodeVersion): Promise<Result<ContentNode>> {
    return this.#change('restoreNode', principal, which, async ({ trx, emit }, node) => {
      if (node.status !== 'archived') return wrongState(`The node is not archived, it is ${inWords(node)}`)
      const value = await changeNode(trx, principal.tenantId, node.id, { status: 'draft' })
      emit(draftEvent(nodeRestored, principal, node.id, { nodeId: node.id }))
      return { value }
    })
  }

  /** What was edited since the node was published, in all languages. Without any it changes nothing. */
  discardDraft(principal: Principal, which: NodeVersion): Promise<Result<ContentNode>> {
    return this.#change('discardDraft', principal, which, async (unit, node) => {
      const { trx } = unit
      const { tenantId } = principal
      if ((await takeDrafts(trx, tenantId, node.id)).length === 0) return { value: node }
      await dropUnusedSlugs(trx, tenantId, node)
      return updated(principal, unit, await changeNode(trx, tenantId, node.id, {}), false)
    })
  }

  /** Of a node that the principal may change, in the version that they know. */
  #change(
    operation: Change,
    principal: Principal,
    { id, version }: NodeVersion,
    work: (unit: UnitOfWork, node: ContentNode) => Promise<Result<ContentNode>>,
  ): Promise<Result<ContentNode>> {
    return this.#operations.run(operation, async (): Promise<Result<ContentNode>> => {
      if (!isUuid(id)) return NOT_FOUND
      return this.#transact(principal, operation, async (unit) => {
        const node = await lockNode(unit.trx, principal.tenantId, id)
        if (node === undefined || !(node.status === 'published' || seesDrafts(principal))) return NOT_FOUND
        if (!mayChange(principal, node)) return FORBIDDEN
        if (version !== undefined && version !== node.version) return versionConflict(node.version)
        return work(unit, node)
      })
    })
  }

  async #transact(
    { tenantId }: Principal,
    operation: Change | 'createNode',
    work: (unit: UnitOfWork) => Promise<Result<ContentNode>>,
  ): Promise<Result<ContentNode>> {
    try {
      return await this.#database.transact(tenantId, `content.${operation}`, work, { repeatable: true })
    } catch (error) {
      // The database alone knows, as two may choose the same at the same moment.
      if (errorCode(error) !== UNIQUE_VIOLATION) throw error
      return invalid('slug', 'slug is that of another node of this tenant in the same language')
    }
  }
}

const ARCHIVED = wrongState('An archived node is restored before it changes')

function needs({ kind }: ContentNode, what: 'slug' | 'body'): boolean {
  return KINDS[kind].toPublish.includes(what)
}

/** What its kind asks for and it has not; of a published one, in what was edited since. */
async function incompleteness(
  trx: UnitOfWork['trx'],
  tenantId: string,
  node: ContentNode,
): Promise<string | undefined> {
  if (needs(node, 'slug') && !(await hasSlug(trx, tenantId, node))) {
    return `A ${node.kind} needs a slug before it is published`
  }
  if (needs(node, 'body')) {
    const { body } = node.status === 'published' ? await findWorkingText(trx, tenantId, node) : node
    if (body.trim() === '') return `A ${node.kind} needs a body before it is published`
  }
  return undefined
}

function inWords({ status }: ContentNode): string {
  return status === 'draft' ? 'a draft' : status
}

async function isProduct(trx: UnitOfWork['trx'], tenantId: string, id: string): Promise<boolean> {
  return isUuid(id) && (await findProducts(trx, tenantId, [id])).length > 0
}

function updated(
  principal: Principal,
  { emit }: UnitOfWork,
  node: ContentNode,
  live: boolean,
): Result<ContentNode> {
  const { id: nodeId, version } = node
  emit(draftEvent(nodeUpdated, principal, nodeId, { nodeId, version, live }))
  return { value: node }
}

/** Makes what was edited what there is: translations here, and the node's own text as what is given. Undefined when nothing was edited. */
async function applyDrafts(
  { tenantId }: Principal,
  { trx }: UnitOfWork,
  node: ContentNode,
): Promise<Partial<Text> | undefined> {
  const drafts = await takeDrafts(trx, tenantId, node.id)
  if (drafts.length === 0) return undefined
  const own = drafts.find(({ locale }) => locale === node.locale)
  await putTranslations(
    trx,
    tenantId,
    node.id,
    drafts.filter((draft) => draft !== own),
  )
  return own === undefined ? {} : { title: own.title, body: own.body }
}

async function withdraw(
  principal: Principal,
  unit: UnitOfWork,
  node: ContentNode,
  status: 'draft' | 'archived',
): Promise<ContentNode> {
  const text = node.status === 'published' ? await applyDrafts(principal, unit, node) : undefined
  return changeNode(unit.trx, principal.tenantId, node.id, { ...text, status, published_at: null })
}
