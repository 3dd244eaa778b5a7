/** The GraphQL application's data: in memory, behind promises, because a database would hide what is measured. */

export interface ContentNode {
  readonly id: string
  readonly title: string
  readonly status: string
  readonly authorId: string
}

export interface Author {
  readonly id: string
  readonly name: string
  readonly email: string
}

const nodes: readonly ContentNode[] = Array.from({ length: 100 }, (_, i) => ({
  id: `node-${i}`,
  title: `What happened on day ${i}`,
  status: i % 5 === 0 ? 'draft' : 'published',
  authorId: `author-${i % 7}`,
}))

const authors = new Map<string, Author>(
  ['Ada', 'Barbara', 'Donald', 'Edsger', 'Frances', 'Grace', 'Hedy'].map((name, i) => [
    `author-${i}`,
    { id: `author-${i}`, name, email: `${name.toLowerCase()}@example.com` },
  ]),
)

export async function listNodes(first: number): Promise<readonly ContentNode[]> {
  return nodes.slice(0, first)
}

export async function findAuthor(id: string): Promise<Author> {
  const author = authors.get(id)
  if (author === undefined) throw new Error(`no author ${id}`)
  return author
}
