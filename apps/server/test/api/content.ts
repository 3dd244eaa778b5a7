/** Content as a client of the API sees it: lists, pages, mutations, their typed errors and the read model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataOf, sendGraphQL } from '../support/graphql-client.ts'
import { sharedServer as server } from '../support/shared-server.ts'

function asUser<Data>(id: string, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  return dataOf(sendGraphQL<Data>(server.url, query, { token: server.user(id).token, variables }))
}

interface NodeFields {
  readonly id: string
  readonly title: string
  readonly status: string
}

interface Payload {
  readonly node: NodeFields | null
  readonly errors: readonly {
    readonly __typename: string
    readonly message: string
    readonly field?: string
  }[]
}

const CREATE = `mutation ($input: CreateNodeInput!) {
  createNode(input: $input) { node { id title status } errors { __typename message ... on InvalidInputError { field } } }
}`
const PUBLISH = `mutation ($id: ID!) {
  publishNode(id: $id) { node { id title status publishedAt } errors { __typename message } }
}`

async function create(user: string, input: Record<string, unknown>): Promise<Payload> {
  return (await asUser<{ createNode: Payload }>(user, CREATE, { input })).createNode
}

async function publish(user: string, id: string): Promise<Payload> {
  return (await asUser<{ publishNode: Payload }>(user, PUBLISH, { id })).publishNode
}

test('says who is asking and for which tenant', async () => {
  const data = await asUser('ben', '{ tenant { id name } me { id name role } }')
  assert.deepEqual(data, {
    tenant: { id: 'acme', name: 'Acme Corp' },
    me: { id: 'ben', name: 'Ben Ortiz', role: 'AUTHOR' },
  })
})

test('lists ten nodes with their authors, newest first', async () => {
  const { nodes } = await asUser<{
    nodes: { edges: { node: { id: string; createdAt: string; author: { name: string } } }[] }
  }>('chloe', '{ nodes(first: 10) { edges { node { id createdAt author { name } } } } }')
  assert.equal(nodes.edges.length, 10)
  const created = nodes.edges.map(({ node }) => Date.parse(node.createdAt))
  assert.deepEqual(
    created,
    created.toSorted((a, b) => b - a),
  )
  assert.deepEqual([...new Set(nodes.edges.map(({ node }) => node.author.name))].toSorted(), [
    'Chloe Nakamura',
    'Dev Singh',
  ])
})

test('pages through every node once, forwards by the end cursor', async () => {
  interface Page {
    nodes: {
      totalCount: number
      edges: { node: { id: string } }[]
      pageInfo: { hasNextPage: boolean; endCursor: string }
    }
  }
  const query = `query ($after: String) {
    nodes(first: 4, after: $after) { totalCount edges { node { id } } pageInfo { hasNextPage endCursor } }
  }`
  const seen: string[] = []
  let after: string | undefined
  let total: number
  do {
    const { nodes } = await asUser<Page>('dev', query, { after })
    seen.push(...nodes.edges.map(({ node }) => node.id))
    total = nodes.totalCount
    after = nodes.pageInfo.hasNextPage ? nodes.pageInfo.endCursor : undefined
  } while (after !== undefined)
  assert.equal(seen.length, total)
  assert.equal(new Set(seen).size, total)
})

test('filters the list and its count by status', async () => {
  const { nodes } = await asUser<{ nodes: { totalCount: number; edges: { node: NodeFields }[] } }>(
    'dev',
    '{ nodes(first: 100, status: PUBLISHED) { totalCount edges { node { id title status } } } }',
  )
  assert.equal(nodes.totalCount, nodes.edges.length)
  assert.ok(nodes.edges.length > 0)
  assert.ok(nodes.edges.every(({ node }) => node.status === 'PUBLISHED'))
})

test('names the argument of a list that cannot be answered', async () => {
  const wrong = [
    ['first: 0', 'first'],
    ['first: 101', 'first'],
    ['first: -1', 'first'],
    ['after: "nonsense"', 'after'],
    ['after: "bm9kZTpub3QtYS11dWlk"', 'after'],
  ] as const
  for (const [args, field] of wrong) {
    const { errors } = await sendGraphQL(server.url, `{ nodes(${args}) { totalCount } }`, {
      token: server.user('ada').token,
    })
    assert.equal(errors[0]?.extensions?.code, 'BAD_USER_INPUT', args)
    assert.deepEqual(errors[0]?.extensions?.fields, [field])
    assert.match(errors[0].message, new RegExp(`^${field} `))
  }
  const full = await asUser<{ nodes: { edges: unknown[] } }>(
    'ada',
    '{ nodes(first: 100) { edges { cursor } } }',
  )
  assert.ok(full.nodes.edges.length >= 12)
})

test('creates a draft that can be read back, with the title trimmed', async () => {
  const { node, errors } = await create('ada', { title: '  Ünïcode 🚀 title ', body: 'Text' })
  assert.deepEqual(errors, [])
  assert.equal(node?.title, 'Ünïcode 🚀 title')
  assert.equal(node.status, 'DRAFT')
  const read = await asUser(
    'ben',
    'query ($id: ID!) { node(id: $id) { title body author { id } publishedAt } }',
    {
      id: node.id,
    },
  )
  assert.deepEqual(read, {
    node: { title: 'Ünïcode 🚀 title', body: 'Text', author: { id: 'ada' }, publishedAt: null },
  })
})

test('names every field of an input that is wrong, and stores nothing', async () => {
  const before = await asUser('ada', '{ nodes { totalCount } }')
  const both = await create('ada', { title: '   ', body: 'x'.repeat(20_001) })
  assert.equal(both.node, null)
  assert.deepEqual(
    both.errors.map(({ __typename, field }) => ({ __typename, field })),
    [
      { __typename: 'InvalidInputError', field: 'title' },
      { __typename: 'InvalidInputError', field: 'body' },
    ],
  )
  assert.match(both.errors[1]!.message, /^body .*20000.*20001/)
  for (const title of ['x'.repeat(201), 'nul\0', 'lone \ud800 surrogate']) {
    const { errors } = await create('ada', { title })
    assert.equal(errors[0]?.field, 'title', JSON.stringify(title))
  }
  assert.deepEqual(await asUser('ada', '{ nodes { totalCount } }'), before)
  assert.deepEqual((await create('ada', { title: 'x'.repeat(200), body: 'x'.repeat(20_000) })).errors, [])
})

test('publishes once: again changes nothing and is no error', async () => {
  const { node } = await create('ben', { title: 'To be published' })
  const first = await publish('ben', node!.id)
  assert.equal(first.node?.status, 'PUBLISHED')
  assert.deepEqual(await publish('ben', node!.id), first)
})

test('lets an author publish their own nodes only, and an admin any', async () => {
  const { node } = await create('ada', { title: 'By an admin' })
  const refused = await publish('ben', node!.id)
  assert.equal(refused.node, null)
  assert.equal(refused.errors[0]?.__typename, 'ForbiddenError')
  const { node: bens } = await create('ben', { title: 'By an author' })
  assert.equal((await publish('ada', bens!.id)).node?.status, 'PUBLISHED')
})

test('answers an id that is no id like one that does not exist', async () => {
  for (const id of ['01999999-9999-7999-8999-999999999999', 'x', '', "' or 1=1 --", '\0']) {
    assert.equal((await publish('ada', id)).errors[0]?.__typename, 'NotFoundError', JSON.stringify(id))
    assert.deepEqual(await asUser('ada', 'query ($id: ID!) { node(id: $id) { id } }', { id }), { node: null })
  }
})

test('keeps the statistics in step with what was created and published', async () => {
  interface Stats {
    contentStats: { drafts: number; published: number; total: number; asOf: string }
  }
  const stats = () => asUser<Stats>('ada', '{ contentStats { drafts published total asOf } }')
  await server.events.settled()
  const { contentStats: before } = await stats()
  const { node } = await create('ada', { title: 'Counted' })
  await create('ada', { title: 'Counted too' })
  await publish('ada', node!.id)
  await server.events.settled()
  const { contentStats: now } = await stats()
  assert.equal(now.drafts, before.drafts + 1)
  assert.equal(now.published, before.published + 1)
  assert.equal(now.total, before.total + 2)
  assert.ok(Date.parse(now.asOf) >= Date.parse(before.asOf))

  const { nodes } = await asUser<{ nodes: { totalCount: number } }>('ada', '{ nodes { totalCount } }')
  assert.equal(now.total, nodes.totalCount)
})

test('serves queries over GET, and refuses mutations there', async () => {
  const get = (query: string) =>
    fetch(`${server.url}/graphql?${new URLSearchParams({ query })}`, {
      headers: { authorization: `Bearer ${server.user('ada').token}` },
    })
  assert.deepEqual(await (await get('{ me { id } }')).json(), { data: { me: { id: 'ada' } } })
  assert.equal((await get('mutation { publishNode(id: "x") { errors { message } } }')).status, 405)
})
