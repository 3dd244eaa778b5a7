/** GraphQL types, queries and mutations of content. Resolvers translate; what happens is in `ContentService`. */

import type { Result } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import { badInput } from '../graphql/errors.ts'
import { type PageInfo, PageInfoType } from '../graphql/page-info.ts'
import { toUserErrors, type UserErrorShape, UserErrorType } from '../graphql/user-errors.ts'
import { UserType } from '../identity/identity-schema.ts'
import type { ContentNode } from './content-node.ts'
import type { NodePage, PageRequest } from './content-service.ts'
import type { ContentStats } from './content-stats.ts'
import { encodeCursor } from './cursor.ts'
import { MAX_BODY, MAX_TITLE } from './node-input.ts'

const DEFAULT_PAGE = 20

const NodeStatusType = builder.enumType('NodeStatus', {
  values: { DRAFT: { value: 'draft' }, PUBLISHED: { value: 'published' } } as const,
})

const ContentNodeType = builder.objectRef<ContentNode>('ContentNode').implement({
  fields: (t) => ({
    id: t.exposeID('id'),
    title: t.exposeString('title'),
    body: t.exposeString('body'),
    status: t.expose('status', { type: NodeStatusType }),
    author: t.field({ type: UserType, resolve: (node) => node.authorId }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    publishedAt: t.expose('publishedAt', { type: 'DateTime', nullable: true }),
  }),
})

const NodeEdgeType = builder.objectRef<{ cursor: string; node: ContentNode }>('NodeEdge').implement({
  fields: (t) => ({ cursor: t.exposeString('cursor'), node: t.expose('node', { type: ContentNodeType }) }),
})

interface NodeConnection {
  readonly edges: { cursor: string; node: ContentNode }[]
  readonly pageInfo: PageInfo
  readonly status: PageRequest['status']
}

const NodeConnectionType = builder.objectRef<NodeConnection>('NodeConnection').implement({
  fields: (t) => ({
    edges: t.expose('edges', { type: [NodeEdgeType] }),
    pageInfo: t.expose('pageInfo', { type: PageInfoType }),
    totalCount: t.int({
      description: 'Of all pages; costs a query of its own.',
      resolve: ({ status }, _args, { content, principal }) => content.countNodes(principal, status),
    }),
  }),
})

const ContentStatsType = builder.objectRef<ContentStats>('ContentStats').implement({
  description: 'Kept by an event handler: a moment behind the nodes themselves.',
  fields: (t) => ({
    drafts: t.exposeInt('drafts'),
    published: t.exposeInt('published'),
    total: t.exposeInt('total'),
    asOf: t.expose('asOf', { type: 'DateTime', nullable: true }),
  }),
})

builder.queryFields((t) => ({
  node: t.field({
    type: ContentNodeType,
    nullable: true,
    args: { id: t.arg.id() },
    resolve: (_root, { id }, { content, principal }) => content.node(principal, id),
  }),
  nodes: t.field({
    type: NodeConnectionType,
    description: 'Newest first.',
    args: {
      first: t.arg.int({ defaultValue: DEFAULT_PAGE, required: false }),
      after: t.arg.string({
        required: false,
        description: 'The cursor of the last node of the page before.',
      }),
      status: t.arg({ type: NodeStatusType, required: false }),
    },
    resolve: async (_root, args, { content, principal }) => {
      const page = {
        first: args.first ?? DEFAULT_PAGE,
        after: args.after ?? undefined,
        status: args.status ?? undefined,
      }
      return toConnection(await content.nodes(principal, page), page)
    },
  }),
  contentStats: t.field({
    type: ContentStatsType,
    resolve: (_root, _args, { content, principal }) => content.stats(principal),
  }),
}))

function toConnection(result: Result<NodePage>, page: PageRequest): NodeConnection {
  if (result.refusal !== undefined)
    throw badInput(result.refusal.kind === 'invalid' ? result.refusal.errors : [])
  const edges = result.value.nodes.map((node) => ({ cursor: encodeCursor(node.id), node }))
  return {
    edges,
    pageInfo: { hasNextPage: result.value.nextCursor !== undefined, endCursor: edges.at(-1)?.cursor },
    status: page.status,
  }
}

interface NodePayload {
  readonly node: ContentNode | undefined
  readonly errors: readonly UserErrorShape[]
}

const NodePayloadType = builder.objectRef<NodePayload>('NodePayload').implement({
  description: 'The node as it is now, or what prevented it.',
  fields: (t) => ({
    node: t.expose('node', { type: ContentNodeType, nullable: true }),
    errors: t.expose('errors', { type: [UserErrorType] }),
  }),
})

const CreateNodeInput = builder.inputType('CreateNodeInput', {
  fields: (t) => ({
    title: t.string({ description: `1 to ${MAX_TITLE} characters.` }),
    body: t.string({ defaultValue: '', required: false, description: `At most ${MAX_BODY} characters.` }),
  }),
})

builder.mutationFields((t) => ({
  createNode: t.field({
    type: NodePayloadType,
    description: 'A new draft by the current user.',
    args: { input: t.arg({ type: CreateNodeInput }) },
    resolve: async (_root, { input }, { content, principal }) =>
      toPayload(await content.createNode(principal, { title: input.title, body: input.body ?? '' })),
  }),
  publishNode: t.field({
    type: NodePayloadType,
    args: { id: t.arg.id() },
    resolve: async (_root, { id }, { content, principal }) =>
      toPayload(await content.publishNode(principal, id)),
  }),
}))

function toPayload(result: Result<ContentNode>): NodePayload {
  if (result.refusal === undefined) return { node: result.value, errors: [] }
  return { node: undefined, errors: toUserErrors(result.refusal, WORDS) }
}

const WORDS = {
  notFound: 'There is no node with this id',
  forbidden: 'Only its author or an admin may publish this node',
}
