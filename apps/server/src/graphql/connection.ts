/**
 * Connections: the form in which every list is given, a page at a time. The domains make one for each kind of thing that they list.
 * All its fields are there before they are asked for, so that a page is no span for each of its entries.
 */
import type { ArgBuilder, ObjectRef } from '@pothos/core'
import { MAX_PAGE, type Page, type PageRequest } from '../domain/page.ts'
import type { Result } from '../domain/result.ts'
import { builder, type SchemaTypes } from './builder.ts'
import { badInput, forbidden } from './errors.ts'
import { type PageInfo, PageInfoType } from './page-info.ts'

const DEFAULT_PAGE = 20
/** Of a list within a list, whose entries are asked for by the product of both. */
export const NESTED_PAGE = 10

/** What a statement of its own costs, in fields of rows that are there already. */
const STATEMENT_COST = 10

export interface Connection<T> {
  readonly edges: Edge<T>[]
  readonly pageInfo: PageInfo
  /** Of all pages; asked only when a client wants to know. */
  readonly count?: (() => Promise<number>) | undefined
}

interface Edge<T> {
  readonly cursor: string
  readonly node: T
}

/** `Product` makes ProductConnection and ProductEdge. Connections with a `totalCount` bring a `count`. */
export function connectionOf<T extends object>(
  name: string,
  node: ObjectRef<SchemaTypes, T>,
  { counted = false }: { readonly counted?: boolean } = {},
): ObjectRef<SchemaTypes, Connection<T>> {
  // Pothos cannot follow a type parameter through `expose`; the signature above ties the connection to its nodes.
  const NodeType = node as unknown as ObjectRef<SchemaTypes, object>
  const EdgeType = builder.objectRef<Edge<object>>(`${name}Edge`).implement({
    description: 'An entry of a page, and its place in the list.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'For `after`: the page behind this entry.' }),
      node: t.expose('node', { type: NodeType }),
    }),
  })
  const ConnectionType = builder.objectRef<Connection<object>>(`${name}Connection`).implement({
    description: 'A page of a list.',
    fields: (t) => ({
      edges: t.expose('edges', { type: [EdgeType] }),
      pageInfo: t.expose('pageInfo', { type: PageInfoType }),
      ...(counted && {
        totalCount: t.int({
          description: 'Of all pages; costs a query of its own.',
          extensions: { cost: STATEMENT_COST },
          resolve: ({ count }) => count?.() ?? 0,
        }),
      }),
    }),
  })
  return ConnectionType as unknown as ObjectRef<SchemaTypes, Connection<T>>
}

export function toConnection<T>(page: Page<T>, count?: () => Promise<number>): Connection<T> {
  const edges = [...page.entries]
  return { edges, pageInfo: { hasNextPage: page.hasNextPage, endCursor: edges.at(-1)?.cursor }, count }
}

/** Of every field that gives a connection. */
export function pageArgs(arg: ArgBuilder<SchemaTypes>, defaultFirst = DEFAULT_PAGE) {
  return {
    first: arg.int({ defaultValue: defaultFirst, required: false, description: `1 to ${MAX_PAGE}.` }),
    after: arg.string({ required: false, description: 'The cursor of the last entry of the page before.' }),
  }
}

export function pageOf(args: PageRequestArgs, defaultFirst = DEFAULT_PAGE): PageRequest {
  return { first: args.first ?? defaultFirst, after: args.after ?? undefined }
}

interface PageRequestArgs {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
}

/** The value of what a query asked for; a refusal is an error of the whole field. */
export function answerOf<T>(result: Result<T>, words: { readonly forbidden?: string } = {}): T {
  if (result.refusal === undefined) return result.value
  if (result.refusal.kind === 'invalid') throw badInput(result.refusal.errors)
  throw forbidden(words.forbidden ?? 'Not allowed')
}
