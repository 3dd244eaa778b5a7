/**
 * Fastify with GraphQL Yoga on graphql 17: a list of nodes, each with its author, by asynchronous resolvers over a small data layer. As in
 * the server of this repository, Yoga executes by graphql-js itself, which publishes the `graphql:*` channels.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { execute } from 'graphql'
import { createSchema, createYoga, type Plugin } from 'graphql-yoga'
import { type Author, type ContentNode, findAuthor, listNodes } from './data.ts'

const typeDefs = /* GraphQL */ `
  type Query {
    nodes(first: Int!): [Node!]!
  }
  type Node {
    id: ID!
    title: String!
    status: String!
    author: Author!
  }
  type Author {
    id: ID!
    name: String!
    email: String!
  }
`

/** What the load asks for: 10 nodes with their authors. */
export const nodesQuery =
  'query Nodes($first: Int!) { nodes(first: $first) { id title status author { id name email } } }'

const resolvers = {
  Query: {
    nodes: (_: unknown, { first }: { readonly first: number }): Promise<readonly ContentNode[]> =>
      listNodes(first),
  },
  Node: {
    author: ({ authorId }: ContentNode): Promise<Author> => findAuthor(authorId),
  },
}

const graphqlJs: Plugin = {
  onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
}

export function buildGraphql(): FastifyInstance {
  const app = Fastify()
  const yoga = createYoga({
    schema: createSchema({ typeDefs, resolvers }),
    plugins: [graphqlJs],
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: 'error',
  })
  const handler = (request: FastifyRequest, reply: FastifyReply) =>
    yoga.handleNodeRequestAndResponse(request, reply, {})
  app.post(yoga.graphqlEndpoint, handler)
  return app
}
