/** The GraphiQL page, whole and offline, with a query that shows something and, in demo mode, the token that it needs. */
import { renderGraphiQL } from '@graphql-yoga/render-graphiql'

const DEFAULT_QUERY = `# The token of a demo user is in the Headers tab below.
# The answer's x-trace-id header is the id of its trace.

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

export function graphiqlPage(token: string | undefined): string {
  return renderGraphiQL({
    title: 'RusToK GraphQL',
    defaultQuery: DEFAULT_QUERY,
    headers: JSON.stringify({ authorization: `Bearer ${token ?? '<token>'}` }, undefined, 2),
    defaultEditorToolsVisibility: 'headers',
  })
}
