/** GraphQL of search. */
import { builder } from '../graphql/builder.ts'
import { answerOf, connectionOf, pageArgs, pageOf, toConnection } from '../graphql/connection.ts'
import type { SearchHit, SnippetPart } from './content-search.ts'
import { MAX_QUERY } from './content-service.ts'
import { ContentNodeType, NodeKindType } from './node-schema.ts'

/** Looking through all that a tenant has published. */
const SEARCH_COST = 50

const SnippetPartType = builder.objectRef<SnippetPart>('SnippetPart').implement({
  description:
    'A piece of plain text. Put one after the other they are the snippet; there is no markup in them.',
  fields: (t) => ({
    text: t.exposeString('text'),
    match: t.exposeBoolean('match', { description: 'Whether it is what was searched for.' }),
  }),
})

const SearchHitType = builder.objectRef<SearchHit>('SearchHit').implement({
  description: 'A node that was found, and why.',
  fields: (t) => ({
    node: t.expose('node', { type: ContentNodeType }),
    locale: t.exposeString('locale', { description: 'The language in which it was found.' }),
    title: t.expose('title', { type: [SnippetPartType] }),
    snippet: t.expose('snippet', { type: [SnippetPartType], description: 'Of the body.' }),
    rank: t.exposeFloat('rank', { description: 'Higher is better; to compare within one search alone.' }),
  }),
})

const SearchHitConnectionType = connectionOf<SearchHit>('SearchHit', SearchHitType, { counted: true })

builder.queryField('search', (t) =>
  t.field({
    type: SearchHitConnectionType,
    description: 'In what is published, best first; a moment behind it.',
    extensions: { cost: SEARCH_COST },
    args: {
      query: t.arg.string({
        description: `Words, "a phrase", or, -not; 1 to ${MAX_QUERY} characters.`,
      }),
      ...pageArgs(t.arg),
      locale: t.arg.string({
        required: false,
        description: 'BCP 47; de finds de-CH as well. Without it all languages, each by its own rules.',
      }),
      kind: t.arg({ type: NodeKindType, required: false }),
      tag: t.arg.string({ required: false }),
    },
    resolve: async (_root, args, { content, principal }) => {
      const asked = {
        query: args.query,
        locale: args.locale ?? undefined,
        kind: args.kind ?? undefined,
        tag: args.tag ?? undefined,
      }
      const page = answerOf(await content.search(principal, pageOf(args), asked))
      return toConnection(page, () => content.countHits(principal, asked))
    },
  }),
)
