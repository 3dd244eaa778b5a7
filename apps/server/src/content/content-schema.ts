/** GraphQL queries of content. */
import { builder } from '../graphql/builder.ts'
import { answerOf, pageArgs, pageOf, toConnection } from '../graphql/connection.ts'
import type { ContentStats } from './content-stats.ts'
import {
  ContentNodeType,
  NodeConnectionType,
  NodeKindType,
  NodeStatusType,
  TagConnectionType,
} from './node-schema.ts'

const ContentStatsType = builder.objectRef<ContentStats>('ContentStats').implement({
  description: 'Kept by an event handler: a moment behind the nodes themselves.',
  fields: (t) => ({
    drafts: t.exposeInt('drafts'),
    published: t.exposeInt('published'),
    archived: t.exposeInt('archived'),
    total: t.exposeInt('total', { description: 'Drafts and published ones.' }),
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
  nodeBySlug: t.field({
    type: ContentNodeType,
    nullable: true,
    args: {
      slug: t.arg.string(),
      locale: t.arg.string({ description: 'Of the slug; en finds no node in de, but de-CH does.' }),
    },
    resolve: async (_root, { slug, locale }, { content, principal }) =>
      answerOf(await content.nodeBySlug(principal, slug, locale)),
  }),
  nodes: t.field({
    type: NodeConnectionType,
    description: 'Newest first, without the archive unless it is asked for. Readers see what is published.',
    args: {
      ...pageArgs(t.arg),
      status: t.arg({ type: NodeStatusType, required: false }),
      kind: t.arg({ type: NodeKindType, required: false }),
      tag: t.arg.string({ required: false }),
      authorId: t.arg.id({ required: false }),
    },
    resolve: async (_root, args, { content, principal }) => {
      const asked = {
        status: args.status ?? undefined,
        kind: args.kind ?? undefined,
        tag: args.tag ?? undefined,
        authorId: args.authorId ?? undefined,
      }
      const page = answerOf(await content.nodes(principal, pageOf(args), asked))
      return toConnection(page, () => content.countNodes(principal, asked))
    },
  }),
  tags: t.field({
    type: TagConnectionType,
    description: 'All that there are, by name.',
    args: pageArgs(t.arg),
    resolve: async (_root, args, { content, principal }) =>
      toConnection(answerOf(await content.tags(principal, pageOf(args)))),
  }),
  contentStats: t.field({
    type: ContentStatsType,
    resolve: (_root, _args, { content, principal }) => content.stats(principal),
  }),
}))
