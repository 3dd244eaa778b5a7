/** GraphQL mutations of content. Resolvers translate; what happens is in `EditingService`. */
import type { Result } from '../domain/result.ts'
import { builder } from '../graphql/builder.ts'
import { toUserErrors, type UserErrorShape, UserErrorType } from '../graphql/user-errors.ts'
import type { ContentNode } from './content-node.ts'
import { DEFAULT_LOCALE } from './locale.ts'
import { MAX_BODY, MAX_SLUG, MAX_TAG, MAX_TAGS, MAX_TITLE } from './node-input.ts'
import { ContentNodeType, NodeKindType } from './node-schema.ts'

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

const TITLE = `1 to ${MAX_TITLE} characters.`
const BODY = `At most ${MAX_BODY} characters.`
const SLUG = `Small letters and digits, with hyphens between words; at most ${MAX_SLUG} characters.`
const TAGS = `At most ${MAX_TAGS}, of 1 to ${MAX_TAG} characters; kept in lower case.`
const VERSION = 'That which was read; a node that changed since is left alone.'

const CreateNodeInput = builder.inputType('CreateNodeInput', {
  description: 'A node in its own language.',
  fields: (t) => ({
    title: t.string({ description: TITLE }),
    body: t.string({ defaultValue: '', required: false, description: BODY }),
    kind: t.field({ type: NodeKindType, defaultValue: 'article', required: false }),
    locale: t.string({ defaultValue: DEFAULT_LOCALE, required: false, description: 'BCP 47: en, pt-BR.' }),
    slug: t.string({ required: false, description: SLUG }),
    tags: t.stringList({ required: false, description: TAGS }),
    productId: t.id({ required: false, description: 'For a story, and then needed.' }),
  }),
})

const UpdateNodeInput = builder.inputType('UpdateNodeInput', {
  description:
    'What is left out stays as it is. Title and body of a published node wait for the next publishing; slug and tags change at once.',
  fields: (t) => ({
    id: t.id(),
    version: t.int({ description: VERSION }),
    title: t.string({ required: false, description: TITLE }),
    body: t.string({ required: false, description: BODY }),
    slug: t.string({ required: false, description: `${SLUG} Empty for none.` }),
    tags: t.stringList({ required: false, description: `${TAGS} In place of those that it has.` }),
  }),
})

const TranslateNodeInput = builder.inputType('TranslateNodeInput', {
  description:
    'The text in another language, added or replaced. That of a published node waits for the next publishing.',
  fields: (t) => ({
    id: t.id(),
    version: t.int({ description: VERSION }),
    locale: t.string({ description: 'BCP 47: de, pt-BR.' }),
    title: t.string({ description: TITLE }),
    body: t.string({ defaultValue: '', required: false, description: BODY }),
    slug: t.string({ required: false, description: `${SLUG} Empty for none; left out, that which it has.` }),
  }),
})

const RemoveTranslationInput = builder.inputType('RemoveTranslationInput', {
  description: 'A language that a node is no longer to be read in.',
  fields: (t) => ({ id: t.id(), version: t.int({ description: VERSION }), locale: t.string() }),
})

builder.mutationFields((t) => {
  /** What changes a node as a whole. */
  const which = {
    id: t.arg.id(),
    version: t.arg.int({ required: false, description: `${VERSION} Left out, whatever it is by now.` }),
  }
  const chosen = ({ id, version }: { id: string; version?: number | null | undefined }) => ({
    id,
    version: version ?? undefined,
  })
  return {
    createNode: t.field({
      type: NodePayloadType,
      description: 'A new draft by the current user. Needs the permission content:write.',
      args: { input: t.arg({ type: CreateNodeInput }) },
      resolve: async (_root, { input }, { editing, principal }) =>
        toPayload(
          await editing.createNode(principal, {
            title: input.title,
            body: input.body ?? '',
            kind: input.kind ?? 'article',
            locale: input.locale ?? DEFAULT_LOCALE,
            slug: input.slug ?? undefined,
            tags: input.tags ?? [],
            productId: input.productId ?? undefined,
          }),
        ),
    }),
    updateNode: t.field({
      type: NodePayloadType,
      description:
        "All changes of one's own nodes need the permission content:write, those of others' content:publish.",
      args: { input: t.arg({ type: UpdateNodeInput }) },
      resolve: async (_root, { input }, { editing, principal }) => {
        const change = {
          title: input.title ?? undefined,
          body: input.body ?? undefined,
          slug: input.slug ?? undefined,
          tags: input.tags ?? undefined,
        }
        return toPayload(await editing.updateNode(principal, chosen(input), change))
      },
    }),
    translateNode: t.field({
      type: NodePayloadType,
      args: { input: t.arg({ type: TranslateNodeInput }) },
      resolve: async (_root, { input }, { editing, principal }) => {
        const { locale, title, body, slug } = input
        const text = { locale, title, body: body ?? '', slug: slug ?? undefined }
        return toPayload(await editing.translateNode(principal, chosen(input), text))
      },
    }),
    removeTranslation: t.field({
      type: NodePayloadType,
      description: 'At once, also from a published node.',
      args: { input: t.arg({ type: RemoveTranslationInput }) },
      resolve: async (_root, { input }, { editing, principal }) =>
        toPayload(await editing.removeTranslation(principal, chosen(input), input.locale)),
    }),
    publishNode: t.field({
      type: NodePayloadType,
      description: 'With what was edited since it was published. Again, it changes nothing and is no error.',
      args: which,
      resolve: async (_root, args, { editing, principal }) =>
        toPayload(await editing.publishNode(principal, chosen(args))),
    }),
    unpublishNode: t.field({
      type: NodePayloadType,
      description: 'Back to a draft, with what was edited since it was published.',
      args: which,
      resolve: async (_root, args, { editing, principal }) =>
        toPayload(await editing.unpublishNode(principal, chosen(args))),
    }),
    archiveNode: t.field({
      type: NodePayloadType,
      description: 'Out of everybody’s sight, with what was edited since it was published.',
      args: which,
      resolve: async (_root, args, { editing, principal }) =>
        toPayload(await editing.archiveNode(principal, chosen(args))),
    }),
    restoreNode: t.field({
      type: NodePayloadType,
      description: 'From the archive, as a draft.',
      args: which,
      resolve: async (_root, args, { editing, principal }) =>
        toPayload(await editing.restoreNode(principal, chosen(args))),
    }),
    discardDraft: t.field({
      type: NodePayloadType,
      description: 'Gives up what was edited since the node was published, in all languages.',
      args: which,
      resolve: async (_root, args, { editing, principal }) =>
        toPayload(await editing.discardDraft(principal, chosen(args))),
    }),
  }
})

const WORDS = {
  notFound: 'There is no node with this id',
  forbidden: 'Authors write, and change what they wrote; editors and admins change everything',
}

function toPayload(result: Result<ContentNode>): NodePayload {
  if (result.refusal === undefined) return { node: result.value, errors: [] }
  return { node: undefined, errors: toUserErrors(result.refusal, WORDS) }
}
