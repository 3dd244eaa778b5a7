/** GraphQL types of nodes, and of what belongs to them. Resolvers translate; what happens is in the services. */
import { loadProducts, ProductType } from '../commerce/product-schema.ts'
import { builder } from '../graphql/builder.ts'
import { answerOf, connectionOf, NESTED_PAGE, pageArgs, pageOf } from '../graphql/connection.ts'
import { loadNestedPages, type PageOfParent, pageKey } from '../graphql/nested-pages.ts'
import { loadUsers, UserType } from '../identity/identity-schema.ts'
import type { ContentNode, NodeDraft, NodeText, TagCount } from './content-node.ts'
import type { LocalNode } from './content-service.ts'

/** What belongs to many nodes at once takes one statement, however many they are. */
const LOADED = { cost: 2 }

export const NodeStatusType = builder.enumType('NodeStatus', {
  description: 'Who sees a node.',
  values: {
    DRAFT: { value: 'draft', description: 'Those who write.' },
    PUBLISHED: { value: 'published', description: 'Everybody in the tenant.' },
    ARCHIVED: { value: 'archived', description: 'Those who write, where they ask for it.' },
  } as const,
})

export const NodeKindType = builder.enumType('NodeKind', {
  description: 'What a node is.',
  values: {
    ARTICLE: { value: 'article' },
    PAGE: { value: 'page', description: 'Is found by its slug, and needs one to be published.' },
    STORY: { value: 'story', description: 'Tells of a product, and needs a body to be published.' },
  } as const,
})

const NodeTextType = builder.objectRef<NodeText>('NodeText').implement({
  description: 'What a node says in one language.',
  fields: (t) => ({
    locale: t.exposeString('locale', { description: 'BCP 47: en, pt-BR.' }),
    title: t.exposeString('title'),
    body: t.exposeString('body'),
    slug: t.exposeString('slug', { nullable: true }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
})

const NodeTextConnectionType = connectionOf<NodeText>('NodeText', NodeTextType)

const NodeDraftType = builder.objectRef<NodeDraft>('NodeDraft').implement({
  description: 'What is being edited beside a published text; readers see it with the next publishing.',
  fields: (t) => ({
    locale: t.exposeString('locale'),
    title: t.exposeString('title'),
    body: t.exposeString('body'),
    editor: t.loadable({ type: UserType, load: loadUsers, resolve: ({ editorId }) => editorId }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
})

const localKey = ({ node, locale }: LocalNode) => `${node.id} ${locale}`

export const ContentNodeType = builder.objectRef<ContentNode>('ContentNode').implement({
  description: "A piece of a tenant's content.",
  fields: (t) => ({
    id: t.exposeID('id'),
    kind: t.expose('kind', { type: NodeKindType }),
    locale: t.exposeString('locale', { description: 'Of title and body.' }),
    title: t.exposeString('title', { description: "In the node's own language; `text` has the others." }),
    body: t.exposeString('body'),
    status: t.expose('status', { type: NodeStatusType }),
    version: t.exposeInt('version', {
      description: 'One more with each change. Changes name the one that they change.',
    }),
    author: t.loadable({ type: UserType, load: loadUsers, resolve: (node) => node.authorId }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    publishedAt: t.expose('publishedAt', { type: 'DateTime', nullable: true }),
    slug: t.loadable({
      type: 'String',
      nullable: true,
      description: "In the node's own language; unique in it within the tenant.",
      extensions: LOADED,
      load: (nodes: ContentNode[], { content, principal }) => content.slugsOf(principal, nodes),
      loaderOptions: { cacheKeyFn: ({ id }: ContentNode) => id },
      resolve: (node) => node,
    }),
    tags: t.loadableList({
      type: 'String',
      extensions: LOADED,
      load: (ids: string[], { content, principal }) => content.tagsOf(principal, ids),
      resolve: ({ id }) => id,
    }),
    text: t.loadable({
      type: NodeTextType,
      description: "In a language, in one that stands in for it (de for de-CH), or else in the node's own.",
      extensions: LOADED,
      args: { locale: t.arg.string() },
      load: async (asked: LocalNode[], { content, principal }) =>
        answerOf(await content.textsOf(principal, asked)),
      loaderOptions: { cacheKeyFn: localKey },
      resolve: (node, { locale }) => ({ node, locale }),
    }),
    translations: t.loadable({
      type: NodeTextConnectionType,
      description: 'In other languages than its own, by their tags.',
      args: pageArgs(t.arg, NESTED_PAGE),
      load: (keys: PageOfParent[], { content, principal }) =>
        loadNestedPages(keys, (ids, page) => content.translationsOf(principal, ids, page)),
      loaderOptions: { cacheKeyFn: pageKey },
      resolve: ({ id }, args) => ({ parentId: id, ...pageOf(args, NESTED_PAGE) }),
    }),
    draft: t.loadable({
      type: NodeDraftType,
      nullable: true,
      description:
        "What is being edited of a published node, for those who write. Without a locale in the node's own.",
      extensions: LOADED,
      args: { locale: t.arg.string({ required: false }) },
      load: async (asked: LocalNode[], { content, principal }) =>
        answerOf(await content.draftsOf(principal, asked)),
      loaderOptions: { cacheKeyFn: localKey },
      resolve: (node, { locale }) => ({ node, locale: locale ?? node.locale }),
    }),
    product: t.loadable({
      type: ProductType,
      nullable: true,
      description: 'That a story tells of.',
      extensions: LOADED,
      load: loadProducts,
      resolve: ({ productId }) => productId,
    }),
  }),
})

export const NodeConnectionType = connectionOf<ContentNode>('Node', ContentNodeType, { counted: true })

const TagType = builder.objectRef<TagCount>('Tag').implement({
  description: 'A tag of the nodes that one sees.',
  fields: (t) => ({
    name: t.exposeString('name'),
    nodeCount: t.exposeInt('nodeCount', { description: 'How many have it.' }),
  }),
})

export const TagConnectionType = connectionOf<TagCount>('Tag', TagType)
