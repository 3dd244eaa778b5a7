/** GraphQL requests to the server, with the caller's side of W3C Trace Context. */
import { randomBytes } from 'node:crypto'

export interface Caller {
  readonly traceId: string
  /** Of the caller's own span, which is not ours to store. */
  readonly spanId: string
}

export function newCaller(): Caller {
  return { traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') }
}

export interface GraphQLAnswer {
  readonly status: number
  /** The x-trace-id of the response. */
  readonly traceId: string | null
  readonly body: { readonly data?: unknown; readonly errors?: readonly { readonly message: string }[] }
}

export async function sendGraphQL(
  server: string,
  request: {
    readonly token: string
    readonly query: string
    readonly variables?: Readonly<Record<string, unknown>>
    readonly caller?: Caller
  },
): Promise<GraphQLAnswer> {
  const { token, query, variables, caller } = request
  const response = await fetch(`${server}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...(caller && { traceparent: `00-${caller.traceId}-${caller.spanId}-01` }),
    },
    body: JSON.stringify({ query, variables }),
  })
  return {
    status: response.status,
    traceId: response.headers.get('x-trace-id'),
    body: (await response.json()) as GraphQLAnswer['body'],
  }
}

export const createNode = `mutation Create($title: String!) {
  createNode(input: { title: $title }) { node { id author { name } } errors { message } }
}`

/** The spans that a `createNode` mutation causes, as pathsOf writes them. */
export const createNodePaths = (() => {
  const request = 'POST /graphql [server]'
  const operation = `${request} > mutation Create [internal]`
  const create = `${operation} > Mutation.createNode [internal] > content.createNode [internal]`
  const transaction = `${create} > transaction [internal]`
  const event = `${transaction} > create content.node.created [producer]`
  const process = `${event} > process content.node.created [consumer]`
  const author = `${operation} > ContentNode.author [internal]`
  return [
    request,
    `${request} > identity.principal [internal]`,
    `${request} > identity.principal [internal] > SELECT users [client]`,
    operation,
    `${operation} > Mutation.createNode [internal]`,
    create,
    transaction,
    `${transaction} > INSERT nodes [client]`,
    event,
    `${event} > publish content.node.created [client]`,
    process,
    `${process} > transaction [internal]`,
    `${process} > transaction [internal] > INSERT handled_events [client]`,
    `${process} > transaction [internal] > INSERT content_stats [client]`,
    `${transaction} > INSERT outbox [client]`,
    author,
    `${author} > identity.usersById [internal]`,
    `${author} > identity.usersById [internal] > SELECT users [client]`,
  ].sort()
})()
