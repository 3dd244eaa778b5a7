/**
 * What one can do with content: create, publish, read, list. Every method takes the principal first, opens a span, and counts the
 * operation; what a caller can get wrong is a value (`Refusal`), not an exception.
 */
import { randomUUIDv7 } from 'node:crypto'
import { tracedSpan } from '@rustok/telemetry'
import type { Kysely } from 'kysely'
import type { Database, NodeStatus } from '../db/schema.ts'
import type { TenantDatabase } from '../db/tenant-database.ts'
import type { OperationOutcome, Result } from '../domain/result.ts'
import { isUuid } from '../domain/uuid.ts'
import { draftEvent } from '../events/envelope.ts'
import type { Principal } from '../identity/principal.ts'
import { nodeCreated, nodePublished } from './content-events.ts'
import type { ContentNode } from './content-node.ts'
import { type ContentStats, readContentStats } from './content-stats.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { type NewNode, validateNewNode } from './node-input.ts'
import {
  countNodes,
  findNode,
  findNodeForUpdate,
  insertNode,
  listNodes,
  setPublished,
} from './node-queries.ts'

const MAX_PAGE = 100

export interface NodePage {
  readonly nodes: readonly ContentNode[]
  /** Where the next page starts; undefined on the last one. */
  readonly nextCursor: string | undefined
}

export interface PageRequest {
  readonly first: number
  readonly after?: string | undefined
  readonly status?: NodeStatus | undefined
}

export type ContentOperation = 'create' | 'publish' | 'get' | 'list' | 'count' | 'stats'

/** Counts operations, for the metrics. */
export interface OperationObserver {
  contentOperation(operation: ContentOperation, outcome: OperationOutcome, seconds: number): void
}

export class ContentService {
  readonly #database: TenantDatabase
  readonly #observer: OperationObserver

  constructor(database: TenantDatabase, observer: OperationObserver) {
    this.#database = database
    this.#observer = observer
  }

  async createNode(principal: Principal, input: NewNode): Promise<Result<ContentNode>> {
    return this.#operation('create', 'content.createNode', async () => {
      const checked = validateNewNode(input)
      if ('errors' in checked) return { refusal: { kind: 'invalid', errors: checked.errors } }
      const value = await this.#database.transact(
        principal.tenantId,
        'content.createNode',
        async ({ trx, emit }) => {
          const node = await insertNode(trx, principal.tenantId, {
            id: randomUUIDv7(),
            authorId: principal.userId,
            ...checked.node,
          })
          emit(draftEvent(nodeCreated, principal, node.id, { nodeId: node.id, title: node.title }))
          return node
        },
      )
      return { value }
    })
  }

  /** Authors publish their own nodes, admins any. Publishing what is published changes nothing and is no error. */
  async publishNode(principal: Principal, id: string): Promise<Result<ContentNode>> {
    return this.#operation('publish', 'content.publishNode', async () => {
      if (!isUuid(id)) return { refusal: { kind: 'not_found' } }
      return this.#database.transact(principal.tenantId, 'content.publishNode', async ({ trx, emit }) => {
        const node = await findNodeForUpdate(trx, principal.tenantId, id)
        if (node === undefined) return { refusal: { kind: 'not_found' } }
        if (principal.role !== 'admin' && node.authorId !== principal.userId) {
          return { refusal: { kind: 'forbidden' } }
        }
        if (node.status === 'published') return { value: node }
        const at = new Date()
        const value = await setPublished(trx, principal.tenantId, id, at)
        const data = { nodeId: id, title: value.title, publishedAt: at.toISOString() }
        emit(draftEvent(nodePublished, principal, id, data))
        return { value }
      })
    })
  }

  async node(principal: Principal, id: string): Promise<ContentNode | undefined> {
    return this.#read('get', 'content.node', principal, async (db) =>
      isUuid(id) ? findNode(db, principal.tenantId, id) : undefined,
    )
  }

  async nodes(principal: Principal, page: PageRequest): Promise<Result<NodePage>> {
    return this.#operation('list', 'content.nodes', async () => {
      const before = page.after === undefined ? undefined : decodeCursor(page.after)
      const errors = [
        ...(page.first < 1 || page.first > MAX_PAGE
          ? [{ field: 'first', message: `first must be between 1 and ${MAX_PAGE}, it is ${page.first}` }]
          : []),
        ...(page.after !== undefined && before === undefined
          ? [{ field: 'after', message: 'after must be the cursor of a node from this list' }]
          : []),
      ]
      if (errors.length > 0) return { refusal: { kind: 'invalid', errors } }
      // One more than asked for tells whether there is a next page.
      const found = await this.#database.read(principal.tenantId, (db) =>
        listNodes(db, principal.tenantId, { status: page.status }, { limit: page.first + 1, before }),
      )
      const nodes = found.slice(0, page.first)
      const last = nodes.at(-1)
      const nextCursor = found.length > nodes.length && last ? encodeCursor(last.id) : undefined
      return { value: { nodes, nextCursor } }
    })
  }

  async countNodes(principal: Principal, status: NodeStatus | undefined): Promise<number> {
    return this.#read('count', 'content.countNodes', principal, (db) =>
      countNodes(db, principal.tenantId, { status }),
    )
  }

  async stats(principal: Principal): Promise<ContentStats> {
    return this.#read('stats', 'content.stats', principal, (db) => readContentStats(db, principal.tenantId))
  }

  /** An operation that nothing refuses. */
  #read<T>(
    operation: ContentOperation,
    span: string,
    { tenantId }: Principal,
    query: (db: Kysely<Database>) => Promise<T>,
  ): Promise<T> {
    return this.#observed(
      operation,
      span,
      () => this.#database.read(tenantId, query),
      () => 'ok',
    )
  }

  #operation<T>(
    operation: ContentOperation,
    span: string,
    run: () => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.#observed(operation, span, run, (result) => result.refusal?.kind ?? 'ok')
  }

  #observed<T>(
    operation: ContentOperation,
    span: string,
    run: () => Promise<T>,
    outcomeOf: (result: T) => OperationOutcome,
  ): Promise<T> {
    const start = performance.now()
    const observe = (outcome: OperationOutcome) =>
      this.#observer.contentOperation(operation, outcome, (performance.now() - start) / 1_000)
    return tracedSpan(span, {}, async () => {
      try {
        const result = await run()
        observe(outcomeOf(result))
        return result
      } catch (error) {
        observe('error')
        throw error
      }
    })
  }
}
