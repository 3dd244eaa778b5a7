/** The GraphiQL page, whole and offline, with a query that shows something and, in demo mode, the token that it needs. */
const QUERIES = `# The answer's x-trace-id header is the id of its trace.

query LatestNodes {
  tenant {
    name
  }
  nodes(first: 10) {
    edges {
      node {
        id
        title
        status
        author {
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
  contentStats {
    drafts
    published
  }
}

mutation CreateNode {
  createNode(input: { title: "Written in GraphiQL" }) {
    node {
      id
    }
    errors {
      __typename
      message
    }
  }
}
`

/** Loaded when it is first asked for: it is 9 MB of script that a server can do without. */
export async function graphiqlPage(token: string | undefined): Promise<string> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  return renderGraphiQL({
    title: 'RusToK GraphQL',
    defaultQuery: `# ${token === undefined ? 'Put a token' : 'The token of a demo user is'} in the Headers tab below.\n${QUERIES}`,
    headers: JSON.stringify({ authorization: `Bearer ${token ?? '<token>'}` }, undefined, 2),
    defaultEditorToolsVisibility: 'headers',
  })
}
