/** GraphQL operations that visitors of the server send, good and bad: the sample of `npm start` and `npm run traffic` are made of them. */

export interface Operation {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

export function latestNodes(first: number): Operation {
  const query = `query LatestNodes($first: Int) {
    tenant { name }
    nodes(first: $first) { totalCount edges { node { id title status author { name } } } }
  }`
  return { query, variables: { first } }
}

export function dashboard(): Operation {
  return { query: 'query Dashboard { me { name role } contentStats { drafts published total asOf } }' }
}

export function readNode(id: string): Operation {
  return {
    query: 'query ReadNode($id: ID!) { node(id: $id) { title body author { name } } }',
    variables: { id },
  }
}

export function createNode(title: string): Operation {
  const query = `mutation CreateNode($title: String!) {
    createNode(input: { title: $title }) { node { id } errors { __typename message } }
  }`
  return { query, variables: { title } }
}

export function publishNode(id: string): Operation {
  const query = `mutation PublishNode($id: ID!) {
    publishNode(id: $id) { node { id status } errors { __typename message } }
  }`
  return { query, variables: { id } }
}

/** Visitors' mistakes: each is refused at another stage. */
export const mistakes = {
  /** By the parser. */
  syntax: { query: 'query { nodes(first: 5 { edges }' },
  /** By validation. */
  unknownField: { query: 'query Typo { nodes(first: 5) { edges { node { titel } } } }' },
  /** By the resolver, as a GraphQL error. */
  badArgument: latestNodes(0),
  /** By the domain, in the mutation's payload. */
  emptyTitle: createNode('   '),
} as const satisfies Record<string, Operation>
